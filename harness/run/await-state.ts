import { setTimeout as delay } from 'node:timers/promises';
import type { NodeHandle } from '../fabric/node-handle.ts';
import type { Plan, Awaited } from '../terms/plan.ts';
import type { StateAt } from '../terms/reason.ts';
import type { Actions } from './actions.ts';

const POLL_MS = 10;

interface Watched {
  /** Active plan. */
  plan: Plan;
  lab: { node: (name: string) => Pick<NodeHandle, 'call'> };
  actions: Pick<Actions, 'runs' | 'balances' | 'paused'>;
  signal: AbortSignal | undefined;
}

/**
 * Waits until the lab's nodes report a state.
 * @returns null once reached, otherwise what the nodes report at the deadline
 */
export async function awaitState(awaited: Awaited, watched: Watched): Promise<StateAt[] | null> {
  const deadline = performance.now() + awaited.withinMs;
  for (;;) {
    const { isReached, instead } = await stateOf(awaited, watched);
    if (isReached) return null;
    if (performance.now() >= deadline) return instead;
    await delay(POLL_MS);
    watched.signal?.throwIfAborted();
  }
}

interface Found {
  isReached: boolean;
  instead: StateAt[];
}

function stateOf(awaited: Awaited, watched: Watched): Promise<Found> {
  return 'master' in awaited ? onlyMaster(awaited.master, watched) : judgement(awaited, watched);
}

async function onlyMaster(node: string, { plan, lab, actions }: Watched): Promise<Found> {
  const pairs = (plan.pairs ?? []).filter(({ members }) => members.some((member) => member.node === node));
  const members = pairs.flatMap(({ name, members: all }) => all.map((member) => ({ pair: name, node: member.node })));
  const states = await Promise.all(
    members.map(async (one): Promise<StateAt> => {
      if (!actions.runs(one.node)) return { node: one.node, state: actions.paused.has(one.node) ? 'paused' : 'off' };
      return { node: one.node, state: await lab.node(one.node).call('pairState', { pair: one.pair }) };
    }),
  );
  const instead = states.filter((one) => (one.state === 'master') !== (one.node === node));
  return { isReached: instead.length === 0, instead };
}

/** Whether every running load balancer with this server agrees. */
async function judgement(
  { server, is }: Extract<Awaited, { server: string }>,
  { plan, lab, actions }: Watched,
): Promise<Found> {
  const services = plan.services.filter(({ pool }) => pool.some(({ node }) => node === server));
  const asked = services.flatMap(({ name, l4s }) =>
    l4s.flatMap(({ node }) => (actions.balances(node) ? [{ service: name, node }] : [])),
  );
  const answers = await Promise.all(asked.map(({ node }) => lab.node(node).call('serverStates', null)));
  const others = asked.flatMap(({ service, node }, index) => {
    const state = answers[index]!.find((one) => one.service === service && one.server === server);
    return state?.up === (is === 'up') ? [] : [{ node, isReported: state !== undefined }];
  });
  const instead = others.filter(({ isReported }) => isReported).map(({ node }) => node);
  return {
    isReached: asked.length > 0 && others.length === 0,
    instead: [...new Set(instead)].map((node) => ({ node, state: is === 'up' ? 'down' : 'up' })),
  };
}
