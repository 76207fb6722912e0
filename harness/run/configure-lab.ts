import { setTimeout as delay } from 'node:timers/promises';
import { EnvironmentError } from '../errors.ts';
import type { Lab } from '../fabric/lab.ts';
import { holdersAt } from '../model/simulation/pair-holders.ts';
import { knownNeighbours } from '../model/warm-start.ts';
import type { Plan, PairPlan } from '../terms/plan.ts';
import { updateDnsServers } from './update-dns-servers.ts';

const POLL_MS = 10;
/** In addition to the time of its advertisements. */
const MASTER_DEADLINE_MS = 10_000;

/** Configures a lab according to a plan: nodes, load balancers, pairs with their addresses, and known neighbours. */
export async function configureLab(lab: Lab, plan: Plan): Promise<void> {
  await lab.configure(plan);
  await Promise.all((plan.pairs ?? []).map((pair) => startPair(lab, plan, pair)));
  await updateDnsServers(lab, plan);
  await lab.learnNeighbours(knownNeighbours(plan));
}

/**
 * Starts the members of a pair, and waits until the right ones have its addresses. These start in order: whether a
 * member takes over from a running master depends on the pair's settings.
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

/** Waits until exactly the expected members are masters. */
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
