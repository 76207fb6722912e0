import { noSuch } from '../../did-you-mean.ts';
import { isDirect, MODES } from '../../terms/mode.ts';
import { findProblems } from '../../../lb/rules/config-rules.ts';
import { host, isV6 } from '../address.ts';
import type { Problem } from '../problem.ts';
import { addressesInScenario, familyName } from './check-messages.ts';
import { checkL4s } from './check-l4s.ts';
import { checkRouteServices } from './check-route-services.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { foreignSources } from './check-health-checks.ts';
import { balancersOf, l4sOf, serversOf } from '../lab-queries.ts';
import { reachesByV6 } from '../service-schema.ts';
import type { Path } from '../yaml-file.ts';

type Service = ScenarioFile['services'][string];

/** Checks that services use nodes of the lab, and that the load balancer accepts them. */
export function checkServices(scenario: ScenarioFile, lab: Lab): Problem[] {
  const services = Object.entries(scenario.services);
  // If a service's L4 is unknown, problems that every L4 would report are reported anyway.
  const isOf = (service: Service, l4: string | undefined): boolean =>
    l4 === undefined ? l4sOf(lab, service).length === 0 : l4sOf(lab, service).includes(l4);
  const l4s = [...new Set(services.flatMap(([, service]) => l4sOf(lab, service))), undefined];
  return [
    ...services.flatMap(([name, service]) => checkService(['services', name], service, scenario, lab)),
    ...l4s.flatMap((l4) =>
      balancerProblems(
        l4,
        services.filter(([, service]) => isOf(service, l4)),
        scenario,
        lab,
      ),
    ),
    ...dividedServices(services, lab),
    ...foreignSources(scenario, lab),
    ...checkRouteServices(scenario, lab),
  ];
}

function checkService(path: Path, service: Service, scenario: ScenarioFile, lab: Lab): Problem[] {
  const l4s = balancersOf(lab);
  const problems = checkL4s(path, service, lab);
  for (const [index, { node, port }] of service.pool.entries()) {
    const at = [...path, 'pool', index];
    const isL4 = l4s.includes(node);
    if (isL4 && isDirect(service))
      problems.push({
        path: at,
        message: `${node} is an l4 node, which can be a server only in modes dnat and proxy: in ${service.mode} a load balancer sends each packet out, and cannot send one to itself; use dnat or proxy, or add a node with role server next to it`,
        dependsOn: [[...path, 'mode'], at],
      });
    else if (!isL4 && !serversOf(lab).includes(node))
      problems.push({
        path: at,
        message: noSuch('server', node, isDirect(service) ? serversOf(lab) : [...serversOf(lab), ...l4s]),
        dependsOn: [],
      });
    else if (addressToward(service, node, scenario, lab) === undefined)
      problems.push({
        path: at,
        message: missingAddress(node, service, scenario, lab),
        dependsOn: [path, ['servers'], ['nodes']],
      });
    else if (
      isL4 &&
      addressToward(service, node, scenario, lab) === service.vip &&
      (port ?? service.port) === service.port
    )
      problems.push({
        path: at,
        message: `${node} serves at ${service.vip}, which is the VIP itself: use another VIP`,
      });
  }
  if (service.outer !== undefined && MODES[service.mode].handsOver !== 'tunnel')
    problems.push({ path: [...path, 'outer'], message: `only valid in mode ipip, not in ${service.mode}` });
  if (MODES[service.mode].hidesSource && service.proxyIp === undefined) {
    problems.push({ path: [...path, 'mode'], message: 'proxy needs `proxyIp:` (an address, `auto`, or a list)' });
  }
  if (service.protocol === 'udp' && service.check?.type === 'http')
    problems.push({ path: [...path, 'check', 'type'], message: 'a udp service cannot be checked by http: use `udp`' });
  const proxyIps = Array.isArray(service.proxyIp) ? service.proxyIp : [];
  for (const [index, proxyIp] of proxyIps.entries()) {
    if (proxyIps.indexOf(proxyIp) < index)
      problems.push({ path: [...path, 'proxyIp', index], message: `${proxyIp} is given twice` });
  }
  if (
    Array.isArray(service.l4) &&
    service.l4.length > 1 &&
    service.proxyIp !== undefined &&
    service.proxyIp !== 'auto' &&
    !isOfOnePair(service.l4, scenario)
  ) {
    const message =
      'several L4s cannot share a proxy IP, because replies would reach any of them: use `auto`, or make them a pair';
    problems.push({ path: [...path, 'proxyIp'], message });
  }
  return problems;
}

/** Whether L4s are one pair, whose master has the proxy IP. */
function isOfOnePair(l4s: string[], { pairs }: ScenarioFile): boolean {
  return Object.values(pairs).some(({ nodes }) => l4s.every((l4) => nodes.includes(l4)));
}

/** VIPs and ports that several L4s have in different services: which one gets a call would be random. */
function dividedServices(services: [string, Service][], lab: Lab): Problem[] {
  return services.flatMap(([name, service], index) => {
    const own = l4sOf(lab, service);
    const first = services.slice(0, index).find(([, other]) => {
      const isSame = (['vip', 'port', 'protocol'] as const).every((key) => other[key] === service[key]);
      const others = l4sOf(lab, other);
      return isSame && others.length > 0 && !others.some((l4) => own.includes(l4));
    });
    if (first === undefined || own.length === 0) return [];
    const all = [...l4sOf(lab, first[1]), ...own];
    const message = `${first[0]} has the same VIP and port; write one service with \`l4: [${all.join(', ')}]\``;
    return [
      {
        path: ['services', name, 'vip'],
        message,
        dependsOn: [
          ['services', first[0]],
          ['services', name],
        ],
      },
    ];
  });
}

/** Problems reported by the load balancer's own validation of an L4's services, located in the scenario. */
function balancerProblems(
  l4: string | undefined,
  services: [string, Service][],
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const servers = services.map(([, service]) =>
    service.pool.flatMap(({ node, port }, index) => {
      const address = addressToward(service, node, scenario, lab);
      return address === undefined ? [] : [{ name: node, address, index, ...(port === undefined ? {} : { port }) }];
    }),
  );
  const found = findProblems({
    version: 1,
    vipOwner: scenario.nodes[l4 ?? '']?.vipOwner ?? lab.nodes[l4 ?? '']?.vipOwner ?? true,
    services: services.map(([name, service], i) => ({
      ...service,
      name,
      check: service.check ?? { type: 'none', intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 1 },
      servers: servers[i]!,
    })),
  });
  // A duplicate server is also a duplicate address.
  const relevant = found.filter(({ path: [, , list, , field] }) => list !== 'servers' || field !== 'address');
  return relevant.map(({ path: [, i, ...field], message }) => {
    const index = i as number;
    const [list, server = 0, ...of] = field.filter((one) => one !== 'name');
    const place = list === 'servers' ? ['pool', servers[index]![server as number]!.index, ...of] : field;
    return { path: ['services', services[index]![0], ...place], message };
  });
}

/** Address by which the L4 reaches a server. */
function addressToward(service: Service, node: string, scenario: ScenarioFile, lab: Lab): string | undefined {
  const address = addressesInScenario(scenario, lab, node).find((cidr) => isV6(cidr) === reachesByV6(service));
  return address === undefined ? undefined : host(address);
}

/** Message for a server without such an address. */
function missingAddress(node: string, service: Service, scenario: ScenarioFile, lab: Lab): string {
  const { vip, mode, outer } = service;
  const family = familyName(reachesByV6(service));
  if (outer !== undefined) return `${node} has no ${family} address, as \`outer: ${outer}\` needs`;
  const missing = `${node} has no ${family} address, as the VIP has`;
  const isReachable = MODES[mode].handsOver === 'tunnel' && addressesInScenario(scenario, lab, node).length > 0;
  return isReachable ? `${missing}; \`outer: ${isV6(vip) ? 'ipv4' : 'ipv6'}\` tunnels to its other address` : missing;
}
