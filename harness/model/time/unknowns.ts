import { isDirect } from '../../terms/mode.ts';
import type { Plan, StepPlan, StreamPlan } from '../../terms/plan.ts';
import type { Unknown } from '../../terms/stream-prediction.ts';
import { addressesIn, type UncertainNeighbours } from './uncertain-neighbours.ts';
import type { PairHolders } from '../simulation/pair-holders.ts';
import type { Stages } from './stages.ts';
import type { StreamCourses } from './stream-courses.ts';
import { isKept, type World } from './world.ts';

interface Asked {
  stream: StreamPlan;
  tries: StreamCourses[];
  stages: Stages;
  /** Holders of addresses at the step's start. */
  before: PairHolders[];
  /** At the step's end. */
  doubts: UncertainNeighbours;
}

/** What the model cannot predict for a stream in a step, and why. */
export function unknownOf(plan: Plan, index: number, { stream, tries, stages, before, doubts }: Asked): Unknown[] {
  const { actions } = plan.timeline!.steps[index]!;
  const [{ circumstances }] = stages.settled as [World];
  const called = 'service' in stream.to ? stream.to.service : null;
  const service = plan.services.find(({ name }) => name === called);
  const beyond = actions.flatMap((action): Unknown[] => {
    if (action.do === 'flap') return [{ code: 'action-unknown', params: { action: action.do } }];
    // Whether the kernel keeps translating after the rules are removed depends on other rules on the node.
    const translates = action.do === 'stopLb' && stream.connection === 'kept' && service && !isDirect(service);
    return translates ? [{ code: 'action-unknown', params: { action: action.do } }] : [];
  });
  const idle = [
    circumstances.paused.has(stream.from) ? 'pause' : null,
    circumstances.off.has(stream.from) ? 'kill' : null,
  ];
  const notCalling = idle.flatMap((action): Unknown[] =>
    action === null ? [] : [{ code: 'action-unknown', params: { action: action as 'pause' | 'kill' } }],
  );
  const concerns = (address: string): boolean =>
    address === stream.address || service?.l4s.some(({ proxyIps }) => proxyIps.includes(address)) === true;
  const shared = [...circumstances.shared].flatMap(([address, nodes]): Unknown[] =>
    concerns(address) ? [{ code: 'holder-unknown', params: { address, nodes } }] : [],
  );
  const pairs = (plan.pairs ?? []).map((pair, i) => ({
    ...pair,
    open: [stages.holders[i]!.possible, before[i]!.possible].find(({ length }) => length > 1) ?? [],
  }));
  const flaps = actions.some((action) => action.do === 'flap');
  const masters = pairs.flatMap(({ name: pair, open: nodes, addresses }): Unknown[] =>
    nodes.length > 0 && !flaps && addresses.some(({ address }) => concerns(address))
      ? [{ code: 'master-unknown', params: { pair, nodes } }]
      : [],
  );
  const contested = [...addressesIn(doubts)].flatMap((address): Unknown[] => {
    const pair = pairs.find(({ addresses }) => addresses.some((one) => one.address === address));
    if (pair === undefined || !concerns(address) || circumstances.shared.has(address)) return [];
    return [{ code: 'neighbours-unknown', params: { address, nodes: pair.members.map(({ node }) => node) } }];
  });
  const isOpen = isKept(stream) && tries.some(({ next }) => next.some(({ open }) => open.size > 0));
  const picked: Unknown[] = isOpen && called !== null ? [{ code: 'pick-unknown', params: { service: called } }] : [];
  return [...beyond, ...notCalling, ...shared, ...masters, ...contested, ...picked];
}

/** Whether unknowns prevent predicting the final results of calls. */
export function leavesTheEndOpen(unknown: Unknown[], { until }: StepPlan, holders: PairHolders[]): boolean {
  return unknown.some(({ code, params }) => {
    if (code !== 'master-unknown') return code === 'action-unknown' || code === 'neighbours-unknown';
    const now = holders.find(({ pair }) => pair === params.pair)!;
    return (
      now.possible.length > 1 || until === undefined || !('master' in until) || !now.holders.includes(until.master)
    );
  });
}
