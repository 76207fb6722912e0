import { bridgesOf } from './ip-commands.ts';
import type { Machine } from './machine.ts';
import { announce } from './namespace.ts';
import { ipBatch, program } from './programs/program.ts';
import type { NodeAction } from './protocol.ts';

type Does = { [Name in NodeAction['do']]: (machine: Machine, action: Extract<NodeAction, { do: Name }>) => unknown };

/** Implementation of each action on a node. */
const ACTIONS: Does = {
  kill: (machine) => machine.powerOff(),
  start: (machine, { node, pairs }) => machine.powerOn(node, pairs),
  linkDown: (machine, { ifaces }) => machine.linkDown(ifaces),
  linkUp: (machine, { ifaces }) => machine.linkUp(ifaces),
  killLb: (machine) => machine.killBalancer(),
  stopLb: (machine) => machine.balancer?.stop(),
  startLb: async (machine) => {
    if (!machine.balancer?.running && machine.node?.balancer) await machine.startBalancer(machine.node.balancer);
  },
  reloadLb: async (machine) => {
    const { balancer, node } = machine;
    if (balancer?.running && node?.balancer) await balancer.reload(node.balancer.config);
  },
  stopListeners: (machine) => machine.stopListening(),
  startListeners: (machine) => machine.listen(),
  failChecks: (machine) => (machine.failsChecks = true),
  passChecks: (machine) => (machine.failsChecks = false),
  flushNeighbours: () => ipBatch(['neigh flush all']),
  // Keeps permanent entries: without its own MAC, the bridge floods frames addressed to itself.
  flushMacs: ({ node }) => Promise.all((node === null ? [] : bridgesOf(node)).map(flushMacs)),
  flushConnections: async (machine) => {
    await program(['conntrack', '-F']);
    await machine.balancer?.forgetFlows();
  },
  announce: (machine, { iface, address }) => machine.node && announce(machine.node, iface, address),
  change: (machine, { node }) => machine.change(node),
};

function flushMacs(bridge: string): Promise<string> {
  return program(['bridge', 'fdb', 'flush', 'dev', bridge, 'nopermanent']);
}

/** Performs one node's part of an action. */
export async function act(machine: Machine, action: NodeAction): Promise<void> {
  await (ACTIONS[action.do] as (machine: Machine, action: NodeAction) => unknown)(machine, action);
}
