import type { Plan, ActionPlan, StepPlan } from '../terms/plan.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { oneArm, VIP_A } from '../model/testing/labs.ts';
import { hasPower, planAt } from './plan-at.ts';

const lab = plan(oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'] } } }));

function after(...steps: ActionPlan[][]): { at: (step: number) => Plan; whole: Plan } {
  const whole: Plan = {
    ...lab,
    timeline: { streams: [], steps: steps.map((actions, i) => stepOf(`s${i}`, actions)) },
  };
  return { whole, at: (step) => planAt(whole, step) };
}

function stepOf(name: string, actions: ActionPlan[]): StepPlan {
  const at = { file: '', line: 1, col: 1 };
  return { name, title: name, actions, forMs: 1, nodes: [], services: [], expect: [], at };
}

const isUp = (of: Plan, node: string, iface: string): boolean =>
  of.nodes.find(({ name }) => name === node)!.interfaces.find(({ name }) => name === iface)!.up !== false;
const node = (of: Plan, name: string) => of.nodes.find((one) => one.name === name)!;

test('a node without power has carrier at neither end, and comes back whole', () => {
  const { at, whole } = after(
    [{ do: 'stopLb', node: 'l4' }],
    [{ do: 'kill', node: 'l4' }],
    [{ do: 'start', node: 'l4' }],
  );
  expect(node(at(0), 'l4').balancer).toBeNull();
  expect([isUp(at(0), 'l4', 'l2'), isUp(at(1), 'l4', 'l2'), isUp(at(1), 'l2', 'l4'), isUp(at(1), 's1', 'l2')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([-1, 0, 1, 2].map((step) => hasPower(whole, step, 'l4'))).toEqual([true, true, false, true]);
  expect(at(2)).toEqual({ ...lab, timeline: whole.timeline });
});

test('a cut wire is cut at both ends until it is restored, whichever end is named first', () => {
  const { at } = after([{ do: 'linkDown', link: ['l2', 's1'] }], [{ do: 'linkUp', link: ['s1', 'l2'] }]);
  expect([isUp(at(0), 's1', 'l2'), isUp(at(0), 'l2', 's1')]).toEqual([false, false]);
  expect([isUp(at(1), 's1', 'l2'), isUp(at(1), 'l2', 's1')]).toEqual([true, true]);
});

test('listeners stop and start; a killed load balancer leaves its rules', () => {
  const { at } = after(
    [
      { do: 'stopListeners', node: 's1' },
      { do: 'killLb', node: 'l4' },
    ],
    [{ do: 'startListeners', node: 's1' }],
  );
  expect([node(at(0), 's1').listeners, node(at(0), 'l4').balancer]).toEqual([[], node(lab, 'l4').balancer]);
  expect(node(at(1), 's1').listeners).toEqual(node(lab, 's1').listeners);
});

test('a change in a step stays in effect', () => {
  const { whole } = after([], [{ do: 'change' }], []);
  const drained = { ...node(lab, 's1'), firewall: 'stateful' as const };
  whole.timeline!.steps[1]!.nodes = [drained];
  expect([0, 1, 2].map((step) => node(planAt(whole, step), 's1').firewall)).toEqual(['none', 'stateful', 'stateful']);
});
