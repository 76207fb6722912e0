import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../fabric/lab.ts';
import type { Plan } from '../terms/plan.ts';
import type { Awaited } from '../terms/timeline.ts';
import type { Actions } from './actions.ts';

const POLL_MS = 10;

interface Watched {
  /** In force. */
  plan: Plan;
  lab: Lab;
  actions: Pick<Actions, 'runs' | 'balances'>;
  signal: AbortSignal | undefined;
}

/** Waits for a state of the lab, as its nodes tell it. @returns false where it has not come in time */
export async function awaitState(awaited: Awaited, watched: Watched): Promise<boolean> {
  const deadline = performance.now() + awaited.withinMs;
  while (!(await holds(awaited, watched))) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
    watched.signal?.throwIfAborted();
  }
  return true;
}

function holds(awaited: Awaited, watched: Watched): Promise<boolean> {
  return 'master' in awaited ? isOnlyMaster(awaited.master, watched) : isJudged(awaited, watched);
}

async function isOnlyMaster(node: string, { plan, lab, actions }: Watched): Promise<boolean> {
  const pairs = (plan.pairs ?? []).filter(({ members }) => members.some((member) => member.node === node));
  const members = pairs.flatMap(({ name, members: all }) =>
    all.flatMap((member) => (actions.runs(member.node) ? [{ pair: name, node: member.node }] : [])),
  );
  const states = await Promise.all(members.map((one) => lab.node(one.node).call('pairState', { pair: one.pair })));
  return (
    actions.runs(node) && members.every((member, index) => (states[index] === 'master') === (member.node === node))
  );
}

/** Every load balancer that runs, and has the server, says so. */
async function isJudged(
  { server, is }: Extract<Awaited, { server: string }>,
  { plan, lab, actions }: Watched,
): Promise<boolean> {
  const services = plan.services.filter(({ pool }) => pool.some(({ node }) => node === server));
  const asked = services.flatMap(({ name, l4s }) =>
    l4s.flatMap(({ node }) => (actions.balances(node) ? [{ service: name, node }] : [])),
  );
  const answers = await Promise.all(asked.map(({ node }) => lab.node(node).call('serverStates', null)));
  return (
    asked.length > 0 &&
    asked.every(({ service }, index) =>
      answers[index]!.some(
        (state) => state.service === service && state.server === server && state.up === (is === 'up'),
      ),
    )
  );
}
