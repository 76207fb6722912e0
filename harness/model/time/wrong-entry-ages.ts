import { nodeOf } from '../../scenario/lookup.ts';
import type { Plan, StepPlan } from '../../terms/plan.ts';
import type { WrongEntry } from '../learned.ts';
import type { Pending } from './predicted-outage.ts';
import { longest, type Elapsed, type Step } from './step.ts';
import { macAge, neighbourAge, type Age } from './takeover-time.ts';

/**
 * Which wrong entries of nodes may have aged by the end of a step.
 * @param wrong the wrong entries then
 * @returns `isSure`: whether all of them have certainly aged
 */
export function ageingEntries({ plan, index, left, now }: Step, wrong: WrongEntry[]) {
  const steps = plan.timeline!.steps;
  const wrongFor = new Map(
    wrong.map((one) => [wrongEntryKey(one), longer(left.wrongFor.get(wrongEntryKey(one)), steps[index]!)]),
  );
  const sinceFirst = steps.slice(0, index + 1).reduce((sum, one) => sum + longest(one), 0);
  const elapsed = (one: WrongEntry): Elapsed => wrongFor.get(wrongEntryKey(one))!;
  const ageing = wrong.filter((one) => {
    const { atLeastMs, notBeforeMs } = ageOf(now, one);
    return atLeastMs <= elapsed(one).atMostMs && notBeforeMs <= sinceFirst;
  });
  return { wrongFor, ageing, isSure: ageing.every((one) => ageOf(now, one).atMostMs <= elapsed(one).atLeastMs) };
}

/** The change that a wrong entry will go through: it ages. */
export function ageBound(plan: Plan, entry: WrongEntry): Pending {
  const { node, kind } = entry;
  const params = { node, ms: ageOf(plan, entry).atMostMs };
  return {
    key: `ages ${kind} ${node}`,
    bound: kind === 'mac' ? { code: 'mac-ages', params } : { code: 'neighbour-ages', params },
  };
}

function ageOf(plan: Plan, { node, kind }: WrongEntry): Age {
  return kind === 'mac' ? macAge(nodeOf(plan, node)) : neighbourAge(nodeOf(plan, node));
}

function wrongEntryKey({ node, kind, key }: WrongEntry): string {
  return `${node} ${kind} ${key}`;
}

function longer(before: Elapsed = { atLeastMs: 0, atMostMs: 0 }, step: StepPlan): Elapsed {
  return { atLeastMs: before.atLeastMs + step.forMs, atMostMs: before.atMostMs + longest(step) };
}
