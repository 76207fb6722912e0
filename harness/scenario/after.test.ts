import { shippedScenario } from '../project/testing/here.ts';
import { cellNames, plansOf, withOnly } from './resolve/plans.ts';

const pathMtu = shippedScenario('failures/path-mtu');
const SEQUENCE = ['large-ping', 'large-ping-again'];

test('whoever chooses a flow gets the one that it comes after as well, and no more', () => {
  const chosen = (flow: string): string[] =>
    plansOf(pathMtu, { variants: ['routers-tell'], flows: [flow] }).flatMap(({ plan }) => cellNames(plan));
  expect(chosen('large-ping-again')).toEqual(SEQUENCE);
  expect(chosen('large-ping')).toEqual(['large-ping']);
});

test('so does whoever runs again what failed', () => {
  const again = withOnly(pathMtu, (variant, flow) => variant === 'wide' && flow === 'large-ping-again');
  expect(again?.scenario.variants.map(({ name, scenario }) => [name, Object.keys(scenario.flows)])).toEqual([
    ['wide', SEQUENCE],
  ]);
});
