import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodePlan, PairPlan } from '../terms/plan.ts';
import { learnNeighbours, type Neighbour } from './learn-neighbours.ts';
import type { Node } from './node.ts';
import { ipTolerantBatch } from './programs/program.ts';
import type { WiredInterface } from './protocol.ts';

/** What a node gets that configures itself (Docker Compose): in its environment, as JSON. */
export interface AloneParams {
  plan: NodePlan;
  wires: WiredInterface[];
  /** Those that the node is a member of. */
  pairs: PairPlan[];
  /** Whose MACs the node knows once it is ready. */
  neighbours: Neighbour[];
  /** Servers that the load balancer holds to be up once it is ready. */
  up: { service: string; server: string }[];
}

/** Its presence tells Compose's health check that the node is ready. */
const READY_FILE = '/run/l4lab-ready';

const POLL_MS = 100;

/** Nodes of Compose come up in any order, and this one has nobody to be told by: it asks again until all are there. */
export async function configureAlone(node: Node, text: string): Promise<void> {
  const { plan, wires, pairs, neighbours, up } = JSON.parse(text) as AloneParams;
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

/** Polls until nothing is missing, and says what is: whoever waits for the node finds it in its log. */
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
