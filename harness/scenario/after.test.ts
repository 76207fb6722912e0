import { shippedScenario } from '../project/testing/here.ts';
import { cellNames, plansOf, withOnly } from './resolve/plans.ts';

const pathMtu = shippedScenario('failures/path-mtu');
const SEQUENCE = ['large-ping', 'large-ping-again'];

test('selecting a flow also selects the one in its `after`, and no more', () => {
  const chosen = (flow: string): string[] =>
    plansOf(pathMtu, { variants: ['routers-tell'], flows: [flow] }).flatMap(({ plan }) => cellNames(plan));
  expect(chosen('large-ping-again')).toEqual(SEQUENCE);
  expect(chosen('large-ping')).toEqual(['large-ping']);
});

test('--failed does the same', () => {
  const again = withOnly(pathMtu, (variant, flow) => variant === 'wide' && flow === 'large-ping-again');
  expect(again?.scenario.variants.map(({ name, scenario }) => [name, Object.keys(scenario.flows)])).toEqual([
    ['wide', SEQUENCE],
  ]);
});
