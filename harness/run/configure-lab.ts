import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../errors.ts';
import type { Lab } from '../fabric/lab.ts';
import { holdersAt } from '../model/simulation/pair-holders.ts';
import { knownNeighbours } from '../model/warm-start.ts';
import type { Plan, PairPlan } from '../terms/plan.ts';
import { tellDnsServers } from './tell-dns-servers.ts';

const POLL_MS = 10;
/** Beyond what its advertisements take. */
const MASTER_DEADLINE_MS = 10_000;

/** Brings a lab to what a plan says: nodes, load balancers, pairs with their addresses, and whom nodes know. */
export async function configureLab(lab: Lab, plan: Plan): Promise<void> {
  await lab.configure(plan);
  await Promise.all((plan.pairs ?? []).map((pair) => startPair(lab, plan, pair)));
  await tellDnsServers(lab, plan);
  await lab.learnNeighbours(knownNeighbours(plan));
}

/**
 * Starts the members of a pair, and waits until those hold its addresses who are to. The first of these starts first: who
 * takes over from a living master depends on the settings of the pair.
 */
async function startPair(lab: Lab, plan: Plan, pair: PairPlan): Promise<void> {
  const holders = holdersAt(plan, -1).find(({ pair: name }) => name === pair.name)?.holders ?? [];
  const start = ({ node }: PairPlan['members'][number]): Promise<unknown> =>
    lab.node(node).call('startPair', { pair, node });
  const first = pair.members.find(({ node }) => holders.includes(node));
  if (first) {
    await start(first);
    await untilMasters(lab, pair, [first.node], [first.node]);
  }
  await Promise.all(pair.members.filter((member) => member !== first).map(start));
  await untilMasters(
    lab,
    pair,
    pair.members.map(({ node }) => node),
    holders,
  );
}

/** Waits until of these members just those are masters that are to be. */
async function untilMasters(
  lab: Lab,
  { name: pair, advertMs }: PairPlan,
  nodes: string[],
  masters: string[],
): Promise<void> {
  const withinMs = MASTER_DEADLINE_MS + 10 * advertMs;
  const deadline = performance.now() + withinMs;
  for (;;) {
    const states = await Promise.all(nodes.map((node) => lab.node(node).call('pairState', { pair })));
    if (nodes.every((node, index) => (states[index] === 'master') === masters.includes(node))) return;
    if (performance.now() > deadline) {
      const seen = nodes.filter((_, index) => states[index] === 'master');
      throw new EnvironmentError('configure-failed', {
        code: 'pair-unsettled',
        params: { pair, expected: masters, seen, seconds: Math.round(withinMs / 1000) },
      });
    }
    await delay(POLL_MS);
  }
}
