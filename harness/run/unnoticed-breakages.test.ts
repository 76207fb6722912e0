import { shippedScenario } from '../project/testing/here.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { unnoticedBreakages, type Notice } from './unnoticed-breakages.ts';

const loaded = shippedScenario('proxy-and-dsr/dsr');
const healthy = plansOf(loaded, { variants: ['vip-on-loopback'], flows: [] })[0]!;
const cut: Notice = (_, { nodes }) =>
  Promise.resolve(nodes.some(({ interfaces }) => interfaces.some(({ up }) => up === false)) ? ['a flow'] : []);

test('breakages that no flow detects are listed', async () => {
  const { wrong, tried, unnoticed, notRun } = await unnoticedBreakages(loaded, healthy, cut);
  const codes = unnoticed.map(({ breakage }) => breakage.code);
  expect({ wrong, notRun }).toEqual({ wrong: [], notRun: [] });
  expect(codes).toContain('loopback-emptied');
  expect(codes).not.toContain('link-cut');
  expect(tried).toBe(codes.length + healthy.plan.links.length);
});

test('a breakage that could not be run is neither detected nor undetected', async () => {
  const some: Notice = (variant, plan) =>
    plan.nodes.some(({ balancer, role }) => role === 'l4' && balancer === null)
      ? Promise.resolve(null)
      : cut(variant, plan);
  const { unnoticed, notRun } = await unnoticedBreakages(loaded, healthy, some);
  expect(notRun.map(({ breakage }) => breakage)).toEqual([{ code: 'balancer-stopped', params: { node: 'l4' } }]);
  expect(unnoticed.map(({ breakage }) => breakage.code)).not.toContain('balancer-stopped');
});

test.each([[['a flow']], [null]])('a variant that ends with %j without a breakage proves nothing', async (ends) => {
  const { wrong, tried } = await unnoticedBreakages(loaded, healthy, () => Promise.resolve(ends));
  expect({ wrong, tried }).toEqual({ wrong: ends, tried: 0 });
});
