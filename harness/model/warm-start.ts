import { exchangesOf } from '../terms/by-name.ts';
import { interfaceAddresses, nodeOf, segmentOf, serviceOf } from '../scenario/lookup.ts';
import type { KnownNeighbour, Plan } from '../terms/plan.ts';
import { forwards } from './simulation/device-settings.ts';
import { FIRST } from './simulation/choices.ts';
import { resolve } from './simulation/neighbours.ts';
import type { Host, Network } from './simulation/network.ts';
import { networkOf } from './simulation/network.ts';
import { answersByRoute } from './simulation/proxy-arp.ts';
import { covers } from '../scenario/prefix.ts';
import type { NodeState } from './simulation/node-state.ts';
import { learnedStates, stateOf } from './simulation/run.ts';
import type { Run } from './simulation/run.ts';
import { begin, settleDown } from './simulation/simulate.ts';

/** State of the nodes of a network that has been running. */
interface WarmStart {
  neighbours: KnownNeighbour[];
  /** Null if nodes have learned nothing. */
  states: Map<string, NodeState> | null;
}

const found = new WeakMap<Network, WarmStart>();

/**
 * Neighbours that nodes resolve before any flow begins; none for a cold start. Nodes resolve their next hops; routers
 * and load balancers resolve callers and servers in their subnets; both ends of a flow resolve each other if they share
 * a subnet. Excludes VIPs, and addresses that two nodes have.
 */
export function knownNeighbours(plan: Plan): KnownNeighbour[] {
  return warmStart(networkOf(plan)).neighbours;
}

/** State of nodes after resolving all of these; null if they learned nothing. */
export function warmStates(network: Network): Map<string, NodeState> | null {
  return warmStart(network).states;
}

function warmStart(network: Network): WarmStart {
  let start = found.get(network);
  if (start === undefined) {
    start = network.plan.neighbours === 'cold' ? { neighbours: [], states: null } : learn(network);
    found.set(network, start);
  }
  return start;
}

function learn(network: Network): WarmStart {
  const wanted = [...network.hosts.values()].flatMap((host) =>
    peersOf(network.plan, host).filter(({ dev, address }) => !host.neighbours.has(`${dev} ${address}`)),
  );
  const neighbours = wanted.filter((one) => isSure(network, one) && answering(network, one) === 1);
  const run = ask(network, neighbours);
  return { neighbours, states: run && learnedStates(run) };
}

/**
 * Whether a node without entries gets exactly one answer: nodes resolve at the same time, and a node with several
 * interfaces on the link answers on each, so the first answer is random.
 */
function isSure(network: Network, { node, dev, address }: KnownNeighbour): boolean {
  const run = ask(network, [{ node, dev, address }]);
  const entry = run && stateOf(run, network.hosts.get(node)!).neighbours.get(`${dev} ${address}`);
  return typeof entry?.mac === 'string' && entry.answers.length < 2;
}

/** Number of nodes that have an address, or answer for it on this link. */
function answering({ plan, hosts }: Network, { node, address }: Pick<KnownNeighbour, 'node' | 'address'>): number {
  const answers = (host: Host): boolean =>
    [...host.devices.values()].some(
      (device) =>
        answersByRoute(host, device, { asker: '', target: address }) &&
        segmentOf(plan, { node: host.name, iface: device.name }).has(node),
    );
  return [...hosts.values()].filter((host) => host.owned.has(address) || answers(host)).length;
}

/** Addresses that a node sends to on its own, with their interfaces. */
function peersOf(plan: Plan, host: Host): KnownNeighbour[] {
  const balanced = host.plan.balancer?.config.routeServices?.flatMap(({ nextHops }) => nextHops) ?? [];
  const addresses = new Set([...host.plan.routes.flatMap(({ via }) => via ?? []), ...balanced, ...endsFor(plan, host)]);
  return [...addresses].flatMap((address) => {
    const device = [...host.devices.values()].find(
      ({ name, addresses: own }) => isUp(host, name) && own.some(({ subnet }) => covers(subnet, address)),
    );
    return device === undefined || host.owned.has(address) ? [] : [{ node: host.name, dev: device.name, address }];
  });
}

function isUp({ plan }: Host, device: string): boolean {
  return plan.interfaces.some(({ name, up }) => name === device && up !== false);
}

/** Addresses of callers and servers that a node forwards to, or exchanges packets with. */
function endsFor(plan: Plan, host: Host): string[] {
  const passesOn = [...host.devices.values()].some(({ settings }) =>
    ['0.0.0.0', '::'].some((family) => forwards(settings, family)),
  );
  return [...plan.flows.flatMap(exchangesOf), ...(plan.timeline?.streams ?? [])].flatMap((flow) => {
    const service = serviceOf(plan, flow);
    const called = service?.pool.map(({ node }) => node) ?? ('node' in flow.to ? [flow.to.node] : []);
    const caller = flow.from;
    if (passesOn) return addressesOf(plan, [caller, ...called]);
    if (host.name === caller) return service === undefined ? addressesOf(plan, called) : [];
    return called.includes(host.name) ? addressesOf(plan, [caller]) : [];
  });
}

function addressesOf(plan: Plan, names: string[]): string[] {
  return names.flatMap((name) => interfaceAddresses(nodeOf(plan, name)));
}

/** Null if there is nothing to resolve. */
function ask(network: Network, neighbours: KnownNeighbour[]): Run | null {
  const [first] = neighbours;
  if (first === undefined) return null;
  const run = begin(network, placeholderFlow(first.node), { choices: FIRST, isUp: () => true });
  for (const { node, dev, address } of neighbours) {
    const host = network.hosts.get(node)!;
    resolve(run, host, { device: host.devices.get(dev)!, address });
    settleDown(run);
  }
  return run;
}

export function placeholderFlow(node: string): Parameters<typeof begin>[1] {
  return {
    name: 'warm start',
    from: node,
    source: '',
    to: { node },
    address: '',
    protocol: 'icmp',
    port: 0,
    repeat: 1,
    expect: { outcome: 'works' },
    at: { file: '', line: 0, col: 0 },
  };
}
