import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodePlan, PairPlan } from '../terms/plan.ts';
import { learnNeighbours, type Neighbour } from './learn-neighbours.ts';
import type { Node } from './node.ts';
import { ipTolerantBatch } from './programs/program.ts';
import type { WiredInterface } from './protocol.ts';

/** Parameters of a node that configures itself (Docker Compose): environment variable, as JSON. */
export interface StandaloneParams {
  plan: NodePlan;
  wires: WiredInterface[];
  /** Pairs that the node belongs to. */
  pairs: PairPlan[];
  /** Neighbours to resolve before the node is ready. */
  neighbours: Neighbour[];
  /** Servers that the load balancer must see as up before the node is ready. */
  up: { service: string; server: string }[];
}

/** Exists once the node is ready, for Compose's health check. */
const READY_FILE = '/run/l4lab-ready';

const POLL_MS = 100;

/**
 * Compose starts nodes in any order and nobody coordinates them, so this node polls until its neighbours and servers
 * are there.
 */
export async function configureStandalone(node: Node, text: string): Promise<void> {
  const { plan, wires, pairs, neighbours, up } = JSON.parse(text) as StandaloneParams;
  await node.calls.wire({ interfaces: wires, captures: false });
  await node.calls.configure({ node: plan });
  if (plan.balancer !== null) await node.calls.startBalancer({ balancer: plan.balancer });
  for (const pair of pairs) await node.calls.startPair({ pair, node: plan.name });
  await awaitAll(plan.name, async () => {
    const states = await node.calls.serverStates(null);
    const down = states.filter((state) => !state.up).map(({ service, server }) => `${server} of ${service}`);
    return up.map(({ service, server }) => `${server} of ${service}`).filter((one) => down.includes(one));
  });
  await awaitAll(plan.name, async () => {
    await learnNeighbours(neighbours);
    const known = (await ipTolerantBatch(['neigh show'])).split('\n').filter((line) => line.includes(' lladdr '));
    const isKnown = ({ dev, address }: Neighbour): boolean =>
      known.some((line) => line.startsWith(`${address} dev ${dev} `));
    return neighbours.filter((one) => !isKnown(one)).map(({ address }) => address);
  });
  await writeFile(READY_FILE, '');
  console.log(`${plan.name} is ready`);
}

/** Polls until nothing is missing, and logs what is. */
async function awaitAll(node: string, missing: () => Promise<string[]>): Promise<void> {
  let printed = '';
  for (;;) {
    const open = (await missing()).join(', ');
    if (open === '') return;
    if (open !== printed) console.log(`${node} waits for ${open}`);
    printed = open;
    await delay(POLL_MS);
  }
}
