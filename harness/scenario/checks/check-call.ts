import { noSuch } from '../../did-you-mean.ts';
import { DNS_PORT } from '../../terms/by-name.ts';
import { host, isV6 } from '../address.ts';
import { addressesInScenario, familyName } from './check-messages.ts';
import { checkCallByName, PORT_OF_SERVICE, servicesOfName } from './check-names.ts';
import { l4sOf, nodeAddresses } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Flow, Lab, ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Whether a node can call a service, a node or a name. */
export function checkCall(
  path: Path,
  flow: Pick<Flow, 'from' | 'to' | 'port' | 'protocol'>,
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const problems: Problem[] = [];
  const nodes = Object.keys(lab.nodes);
  const service = scenario.services[flow.to];
  if (!lab.nodes[flow.from])
    problems.push({ path: [...path, 'from'], message: noSuch('node', flow.from, nodes), dependsOn: [] });
  else if (nodeAddresses(lab, flow.from).length === 0)
    problems.push({ path: [...path, 'from'], message: `${flow.from} has no address, so it cannot call` });
  if (scenario.names[flow.to]) {
    const own = servicesOfName(flow.to, scenario).map((to) => ({ ...flow, to }));
    problems.push(...checkCallByName(path, flow, scenario, lab));
    return [...problems, ...own.flatMap((call) => ownCallProblems(path, call, scenario, lab))];
  }
  const targets = service ? [service.vip] : addressesInScenario(scenario, lab, flow.to);
  const own = addressesInScenario(scenario, lab, flow.from);
  const families = own.map(isV6);
  const [target] = targets;
  if (target !== undefined && own.length > 0 && !targets.some((address) => families.includes(isV6(address)))) {
    problems.push({
      path: [...path, 'from'],
      message: `${flow.from} has no ${familyName(isV6(target))} address, so it cannot call ${host(target)}`,
      dependsOn: [path, ['services', flow.to], ['servers'], ['nodes']],
    });
  }
  if (!service && !lab.nodes[flow.to]) {
    const isName = flow.to.includes('.');
    const missing = [isName ? 'names' : 'services', flow.to];
    problems.push({
      path: [...path, 'to'],
      message: scenario.routeServices[flow.to]
        ? `${flow.to} is a service in mode route and has no VIP; call a node or service behind its next hops`
        : isName
          ? noSuch('name', flow.to, Object.keys(scenario.names))
          : noSuch('service or node', flow.to, [...Object.keys(scenario.services), ...nodes]),
      dependsOn: [missing],
      missing,
    });
  }
  const isOfDns = !service && flow.protocol === 'udp' && flow.port === DNS_PORT;
  if (isOfDns && Object.values(scenario.names).some(({ server }) => server === flow.to)) {
    const message = `${flow.to} is a DNS server on ${DNS_PORT}/udp, which only answers DNS queries: call one of its names`;
    problems.push({ path: [...path, 'port'], message, dependsOn: [path, ['names']] });
  }
  if (!service && lab.nodes[flow.to] && nodeAddresses(lab, flow.to).length === 0) {
    problems.push({ path: [...path, 'to'], message: `${flow.to} has no address, so it cannot be called` });
  }
  if (service) problems.push(...ownCallProblems(path, flow, scenario, lab));
  if (service && flow.port !== undefined) problems.push({ path: [...path, 'port'], message: PORT_OF_SERVICE });
  if (service && flow.protocol !== 'icmp' && (flow.protocol === 'udp') !== (service.protocol === 'udp')) {
    problems.push({
      path: [...path, 'protocol'],
      message: `cannot be ${flow.protocol}: ${flow.to} is a ${service.protocol} service`,
      dependsOn: [
        [...path, 'to'],
        ['services', flow.to, 'protocol'],
      ],
    });
  }
  if (!service && lab.nodes[flow.to] && flow.port === undefined && flow.protocol !== 'icmp')
    problems.push({ path, message: `needs \`port:\`, because ${flow.to} is a node` });
  return problems;
}

/** Services of its own that an L4 cannot call. */
function ownCallProblems(
  path: Path,
  { from, to, protocol }: Pick<Flow, 'from' | 'to' | 'protocol'>,
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const { l4, ownCalls, proxyPorts } = scenario.services[to]!;
  if (!l4sOf(lab, { l4 }).includes(from)) return [];
  const at = [...path, 'to'];
  const vipOwner = scenario.nodes[from]?.vipOwner ?? lab.nodes[from]!.vipOwner;
  if (vipOwner === false && protocol !== 'icmp') {
    const message = `${from} has no route to the VIP of ${to}, because it does not own it (\`vipOwner: false\`)`;
    return [{ path: at, message }];
  }
  if (ownCalls !== true || proxyPorts === undefined) return [];
  const message = `the calls of ${from} would use \`proxyPorts\` of ${to} as source ports, so captures could not distinguish them from balanced calls`;
  return [{ path: at, message }];
}
