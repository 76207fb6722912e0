import { proxyIpsOf } from '../scenario/lookup.ts';
import { predict } from '../model/predict.ts';
import { plansOf } from '../scenario/resolve/plans.ts';
import { contains, host } from '../scenario/address.ts';
import { here } from './testing/here.ts';
import { findScenarios, loadScenario, scenarioName } from './scenario-files.ts';
import type { Plan } from '../terms/plan.ts';

/** RFC 5737 and 3849. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'];
/** Addresses that are the same at everybody's: Azure's probes. */
const OF_PRODUCTS = ['168.63.129.16/32'];
const shipped = findScenarios(here, []).map((file): [string, string] => [scenarioName(here, file), file]);

describe.each(shipped)('%s', (_, file) => {
  const plans = (): Plan[] => plansOf(loadScenario(here, file), { variants: [], flows: [] }).map(({ plan }) => plan);

  test('uses only documentation addresses, and those of products', () => {
    const strangers = plans()
      .flatMap(addressesOf)
      .filter((address) => ![...DOCUMENTATION, ...OF_PRODUCTS].some((range) => contains(range, address)));
    expect(strangers).toEqual([]);
  });

  test('sets every kernel setting that decides a flow', () => {
    expect([...new Set(plans().flatMap(settingsLeftToChance))]).toEqual([]);
  });
});

function addressesOf({ nodes, services }: Plan): string[] {
  const ofNodes = nodes.flatMap(({ interfaces, loopback, routes }) => [
    ...interfaces.flatMap(({ addresses }) => addresses),
    ...loopback,
    ...routes.flatMap(({ to, via }) => [to === 'default' ? [] : to, via ?? []].flat()),
  ]);
  return [...ofNodes, ...services.flatMap((service) => [service.vip, ...proxyIpsOf(service)])].map(host);
}

/** Settings that the model asks for and the plan does not say; writing ip_forward sets `forwarding` (ip-sysctl.rst). */
function settingsLeftToChance(plan: Plan): string[] {
  const missing = new Set<string>();
  const watched = plan.nodes.map((node) => ({
    ...node,
    sysctls: new Proxy(node.sysctls, {
      get(target, key: string): string | undefined {
        if (!Object.hasOwn(target, key)) missing.add(key);
        return target[key];
      },
    }),
  }));
  for (const flow of plan.flows) predict({ ...plan, nodes: watched }, flow);
  return [...missing].filter((key) => key.startsWith('net/ipv4/') && !/^net\/ipv4\/conf\/[^/]+\/forwarding$/.test(key));
}
