import fc from 'fast-check';
import { planAt } from '../../scenario/plan-at.ts';
import type { Plan, ActionPlan, PairPlan } from '../../terms/plan.ts';
import { holdersAt, withHolders } from './pair-holders.ts';
import { VIP_A } from '../testing/labs.ts';
import { pairLab, withHeartbeat } from '../testing/pair-lab.ts';

const kill = (node: string): ActionPlan => ({ do: 'kill', node });
const start = (node: string): ActionPlan => ({ do: 'start', node });
const pause = (node: string): ActionPlan => ({ do: 'pause', node });
const resume = (node: string): ActionPlan => ({ do: 'resume', node });
const cut = (a: string, b: string): ActionPlan => ({ do: 'linkDown', link: [a, b] });
const mend = (a: string, b: string): ActionPlan => ({ do: 'linkUp', link: [a, b] });

/** Holders before the first step, and after each. */
function holders(steps: ActionPlan[][], pair: Partial<PairPlan> = {}): string[][] {
  const plan = pairLab({ pair, steps });
  return [-1, ...steps.keys()].map((step) => holdersAt(plan, step)[0]!.holders);
}

test('the highest priority holds the addresses; a backup takes over when it is gone, and returns them', () => {
  expect(holders([[kill('l4a')], [start('l4a')]])).toEqual([['l4a'], ['l4b'], ['l4a']]);
});

test('without preemption the current master stays until it fails', () => {
  const steps = [[kill('l4a')], [start('l4a')], [kill('l4b')]];
  expect(holders(steps, { preempt: false })).toEqual([['l4a'], ['l4b'], ['l4b'], ['l4a']]);
});

test('a member without carrier is in fault; if all are, no node holds the addresses', () => {
  const plan = pairLab({ steps: [[cut('l2', 'l4a')], [kill('l2')]] });
  expect([0, 1].map((step) => holdersAt(plan, step)[0]!.members)).toEqual([
    { l4a: 'fault', l4b: 'master' },
    { l4a: 'fault', l4b: 'fault' },
  ]);
  expect(holdersAt(plan, 1)[0]!.holders).toEqual([]);
});

test('a paused master is silent and keeps the addresses: two nodes hold them until it resumes', () => {
  const steps = [[pause('l4a')], [resume('l4a')], [pause('l4b')], [kill('l4b')]];
  expect(holders(steps)).toEqual([['l4a'], ['l4a', 'l4b'], ['l4a'], ['l4a'], ['l4a']]);
  expect(holders([[pause('l4b')], [kill('l4a')]])).toEqual([['l4a'], ['l4a'], []]);
});

test('of two masters that regain contact, the higher priority stays, with or without preemption', () => {
  const steps = [[pause('l4a')], [resume('l4a')]];
  expect(holders(steps, { preempt: false })).toEqual([['l4a'], ['l4a', 'l4b'], ['l4a']]);
});

test('members without contact all hold the addresses, although the rest of the network works', () => {
  const plan = withHeartbeat(pairLab({ steps: [[cut('x1', 'x2')], [mend('x2', 'x1')]] }));
  const at = [-1, 0, 1].map((step) => holdersAt(plan, step)[0]!);
  expect(at.map((one) => one.holders)).toEqual([['l4a'], ['l4a', 'l4b'], ['l4a']]);
});

test('with equal priorities the numerically higher address wins', () => {
  const members = ['l4a', 'l4b'].map((node) => ({ node, iface: 'l2', priority: 100 }));
  expect(holders([], { members })).toEqual([['l4b']]);
});

test('only holders have the addresses, at the interface named by the pair', () => {
  const plan = pairLab({ steps: [[kill('l4a')]] });
  const having = (step: number): string[] =>
    withHolders(planAt(plan, step), holdersAt(plan, step))
      .nodes.filter(({ interfaces }) =>
        interfaces.some(({ name, addresses }) => name === 'l2' && addresses.includes(`${VIP_A}/32`)),
      )
      .map(({ name }) => name);
  expect([having(-1), having(0)]).toEqual([['l4a'], ['l4b']]);
});

describe('in any sequence of events', () => {
  const node = fc.constantFrom('l4a', 'l4b');
  const happening = fc.oneof(
    fc.record({ do: fc.constantFrom('kill' as const, 'start' as const), node }),
    node.map((name) => cut('l2', name)),
    node.map((name) => mend('l2', name)),
  );
  const frozen = fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const), node });
  const steps = <T>(action: fc.Arbitrary<T>) => fc.array(fc.array(action, { maxLength: 2 }), { maxLength: 6 });
  const every = (plan: Plan, of: (step: number) => boolean): boolean =>
    plan.timeline!.steps.every((_, step) => of(step));

  it('exactly one node holds the addresses while one has power and carrier, and none otherwise', () => {
    fc.assert(
      fc.property(steps(happening), fc.boolean(), (all, preempt) => {
        const plan = pairLab({ steps: all, pair: { preempt } });
        return every(plan, (step) => {
          const [{ members, holders: having }] = holdersAt(plan, step) as [ReturnType<typeof holdersAt>[0]];
          const alive = Object.entries(members).filter(([, state]) => state === 'master' || state === 'backup');
          return having.length === Math.min(1, alive.length) && having.every((name) => members[name] === 'master');
        });
      }),
    );
  });

  it('no holder is without power, and a holder that is not preempted keeps the addresses', () => {
    fc.assert(
      fc.property(steps(fc.oneof(happening, frozen)), (all) => {
        const plan = pairLab({ steps: all, pair: { preempt: false } });
        return every(plan, (step) => {
          const [{ members, holders: having }] = holdersAt(plan, step) as [ReturnType<typeof holdersAt>[0]];
          const before = holdersAt(plan, step - 1)[0]!.holders;
          const isSettled = plan.timeline!.steps[step]!.actions.length === 0;
          const kept = !isSettled || JSON.stringify(before) === JSON.stringify(having);
          return kept && having.every((name) => members[name] === 'master' || members[name] === 'paused');
        });
      }),
    );
  });
});
