import { noSuch } from '../../did-you-mean.ts';
import { DNS_PORT } from '../../terms/by-name.ts';
import { listenerOf } from '../../terms/listener.ts';
import { ROLES } from '../../terms/role.ts';
import { host, isV6 } from '../address.ts';
import { addressesInScenario, familyName } from './check-messages.ts';
import { addressOfRecord, nodeWith } from '../names.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

type Service = ScenarioFile['services'][string];

/** Checks that names have a DNS server, and usable records. */
export function checkNames(scenario: ScenarioFile, lab: Lab): Problem[] {
  const servers = [...new Set(Object.values(scenario.names).map(({ server }) => server))];
  return [
    ...Object.keys(scenario.names).flatMap((name) => [
      ...serverProblems(name, scenario, lab),
      ...recordProblems(name, scenario, lab),
      ...policyProblems(name, scenario),
    ]),
    ...servers.filter((server) => lab.nodes[server]).flatMap((server) => besideDns(server, scenario, lab)),
  ];
}

function serverProblems(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const { server } = scenario.names[name]!;
  const path = ['names', name, 'server'];
  if (!lab.nodes[server]) return [{ path, message: noSuch('node', server, Object.keys(lab.nodes)), dependsOn: [] }];
  if (addressesInScenario(scenario, lab, server).length > 0) return [];
  return [{ path, message: `${server} has no address, so callers cannot query it`, dependsOn: [['nodes', server]] }];
}

function recordProblems(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const { services } = scenario;
  const { records } = scenario.names[name]!;
  const addresses = records.map(({ to }) => addressOfRecord(to, services));
  const known = addresses.filter((address) => address !== null);
  const ofServices = records.flatMap(({ to }) => services[to] ?? []);
  return records.flatMap(({ to: record }, index): Problem[] => {
    const path = ['names', name, 'records', index];
    const address = addresses[index]!;
    const dependsOn: Path[] = [['names', name], ['services'], ['servers'], ['nodes']];
    if (address === null) {
      const named = ['services', record];
      const message = lab.nodes[record]
        ? `${record} is a node: write its address, or a service`
        : noSuch('service', record, Object.keys(services));
      return [{ path, message, dependsOn: [named], missing: named }];
    }
    if (addresses.indexOf(address) < index) return [{ path, message: `${address} is given twice`, dependsOn }];
    if (isV6(address) !== isV6(known[0]!)) {
      const message = `${address} is an ${familyName(isV6(address))} address, but the first record is an ${familyName(isV6(known[0]!))} one: all records of a name need one family`;
      return [{ path, message, dependsOn }];
    }
    const service = services[record];
    if (service === undefined)
      return isOwned(address, scenario, lab) ? [] : [{ path, message: UNHELD(address), dependsOn }];
    const differs = ofServices[0]!;
    if (service.port === differs.port && service.protocol === differs.protocol) return [];
    const message = `${record} has ${portOf(service)}, but another record has ${portOf(differs)}: DNS answers contain no port, so all services of a name need the same one`;
    return [{ path, message, dependsOn }];
  });
}

/** Policies and records without effect. */
function policyProblems(name: string, { names, services }: ScenarioFile): Problem[] {
  const { policy, onlyHealthy, records } = names[name]!;
  const problem = (at: Path, message: string): Problem => {
    return { path: ['names', name, ...at], message, dependsOn: [['names', name], ['services']] };
  };
  const isChecked = records.some(({ to }) => isCheckedService(services[to]));
  const goesByHealth = policy === 'failover' || onlyHealthy === true;
  const asked = policy === 'failover' ? 'policy' : 'onlyHealthy';
  const problems: Problem[] = [];
  if (policy === 'failover' && records.length === 1)
    problems.push(problem(['policy'], 'failover needs a second record'));
  else if (goesByHealth && records.length > 0 && !isChecked)
    problems.push(problem([asked], 'has no effect: no service of its records has a `check`'));
  else if (policy === 'failover' && records.length > 0) problems.push(...unreached(records, services, problem));
  if (policy === 'failover' && onlyHealthy !== undefined) {
    const what = onlyHealthy ? 'has no effect' : 'must not be false';
    problems.push(problem(['onlyHealthy'], `${what}: failover always skips unhealthy services`));
  }
  return [...problems, ...sourceProblems(policy, records).map(({ at, message }) => problem(at, message))];
}

type Named = ScenarioFile['names'][string];

function isCheckedService(service: Service | undefined): boolean {
  return (service?.check?.type ?? 'none') !== 'none';
}

/** A record after one that always counts as healthy. */
function unreached(
  records: Named['records'],
  services: ScenarioFile['services'],
  problem: (at: Path, message: string) => Problem,
): Problem[] {
  const last = records.findIndex(({ to }) => !isCheckedService(services[to]));
  if (last < 0 || last === records.length - 1) return [];
  const { to } = records[last]!;
  const why = services[to] ? `${to} has no \`check\`` : `${to} is an address, which has no check`;
  return [problem(['records', last + 1], `failover never reaches this record: ${why}, so it always counts as healthy`)];
}

/** Networks of callers: only for by-source, and each in only one record. */
function sourceProblems(policy: Named['policy'], records: Named['records']): { at: Path; message: string }[] {
  const nets = records.flatMap(({ from = [] }, index) => from.map((net) => ({ net, at: ['records', index, 'from'] })));
  if (policy !== 'by-source') return nets.map(({ at }) => ({ at, message: 'only for `policy: by-source`' }));
  if (nets.length === 0 && records.length > 0)
    return [{ at: ['policy'], message: 'by-source needs a record with `from`, the network of its callers' }];
  return nets
    .filter(({ net }, index) => nets.findIndex((other) => other.net === net) < index)
    .map(({ net, at }) => ({ at, message: `${net} already has a record` }));
}

const UNHELD = (address: string): string => `${address} is neither an address of a node nor a VIP`;

function portOf({ port, protocol }: Service): string {
  return `${port}/${protocol}`;
}

function isOwned(address: string, scenario: ScenarioFile, lab: Lab): boolean {
  return (
    Object.values(scenario.services).some(({ vip }) => vip === address) ||
    nodeWith(address, Object.keys(lab.nodes), (node) => addressesInScenario(scenario, lab, node).map(host)) !== null
  );
}

/** Message for a call with an unnecessary port. */
export const PORT_OF_SERVICE = 'leave it out: the service defines the port';

/** Conflicts of a DNS server's port. */
function besideDns(server: string, { services, nodes, servers }: ScenarioFile, lab: Lab): Problem[] {
  const pools = Object.entries(services).flatMap(([name, { pool, port, protocol }]): Problem[] =>
    pool.flatMap((one, index) =>
      one.node === server && (one.port ?? port) === DNS_PORT && protocol === 'udp'
        ? [
            {
              path: ['services', name, 'pool', index],
              message: `${server} is a DNS server on ${DNS_PORT}/udp, so it cannot serve calls there`,
              dependsOn: [['services', name], ['names']],
            },
          ]
        : [],
    ),
  );
  const own = nodes[server]?.listeners;
  const ofServers = ROLES[lab.nodes[server]!.role].serves ? servers.listeners : undefined;
  const path = own === undefined ? ['servers', 'listeners'] : ['nodes', server, 'listeners'];
  const elsewhere = (own ?? ofServers ?? []).flatMap((written, index): Problem[] => {
    const { protocol, port, answersFrom, answersFromPort } = listenerOf(written);
    const at = (field: string, message: string): Problem => ({
      path: [...path, index, field],
      message,
      dependsOn: [['names']],
    });
    if (answersFromPort === DNS_PORT && port !== DNS_PORT)
      return [at('answersFromPort', `already taken: ${server} is a DNS server on ${DNS_PORT}/udp`)];
    if (protocol !== 'udp' || port !== DNS_PORT) return [];
    const message = `has no effect: ${server} is a DNS server there, which replies from the called address and port`;
    return Object.entries({ answersFrom, answersFromPort }).flatMap(([field, value]) =>
      value === undefined ? [] : [at(field, message)],
    );
  });
  return [...pools, ...elsewhere];
}

/** Checks that a node can resolve a name and call its addresses. */
export function checkCallByName(
  path: Path,
  flow: Pick<ScenarioFile['flows'][string], 'from' | 'to' | 'port' | 'protocol'>,
  scenario: ScenarioFile,
  lab: Lab,
): Problem[] {
  const { server, records } = scenario.names[flow.to]!;
  const own = addressesInScenario(scenario, lab, flow.from).map(isV6);
  const problems: Problem[] = [];
  const dependsOn: Path[] = [path, ['names', flow.to], ['services'], ['servers'], ['nodes']];
  const addressesOfServer = addressesInScenario(scenario, lab, server);
  const isReached = (addresses: readonly string[]): boolean =>
    own.length === 0 || addresses.length === 0 || addresses.some((address) => own.includes(isV6(address)));
  if (flow.from === server) {
    const message = `${server} is the DNS server of ${flow.to}, so its query would cross no link`;
    problems.push({ path: [...path, 'from'], message, dependsOn });
  } else if (!isReached(addressesOfServer)) {
    const message = `${flow.from} has no ${familyName(isV6(addressesOfServer[0]!))} address, so it cannot query ${server}`;
    problems.push({ path: [...path, 'from'], message, dependsOn });
  }
  const addresses = records.flatMap(({ to }) => addressOfRecord(to, scenario.services) ?? []);
  if (!isReached(addresses)) {
    const message = `${flow.from} has no ${familyName(isV6(addresses[0]!))} address, so it cannot call ${addresses[0]}`;
    problems.push({ path: [...path, 'from'], message, dependsOn });
  }
  const services = records.flatMap(({ to }) => scenario.services[to] ?? []);
  const [service] = services;
  // A port with icmp is already reported.
  if (service && flow.port !== undefined && flow.protocol !== 'icmp')
    problems.push({ path: [...path, 'port'], message: PORT_OF_SERVICE, dependsOn });
  if (!service && addresses.length > 0 && flow.port === undefined && flow.protocol !== 'icmp')
    problems.push({ path, message: `needs \`port:\`, because no record of ${flow.to} is a service`, dependsOn });
  if (service && flow.protocol !== 'icmp' && (flow.protocol === 'udp') !== (service.protocol === 'udp')) {
    const message = `cannot be ${flow.protocol}: the records of ${flow.to} are ${service.protocol} services`;
    problems.push({ path: [...path, 'protocol'], message, dependsOn });
  }
  return problems;
}

/** Checks that a caller can have such an answer in its cache. */
export function checkCachedAnswer(name: string, { names, services, flows }: ScenarioFile): Problem[] {
  const { to, cachedAnswer } = flows[name]!;
  if (cachedAnswer === undefined) return [];
  const path = ['flows', name, 'cachedAnswer'];
  const dependsOn: Path[] = [path, ['flows', name, 'to'], ['names', to], ['services']];
  const named = names[to];
  if (named === undefined) {
    const message = `has no effect: ${to} is not a name of \`names\``;
    return services[to] || !to.includes('.') ? [{ path, message, dependsOn }] : [];
  }
  const { record } = cachedAnswer;
  const records = named.records.map((one) => one.to);
  if (records.includes(record)) return [];
  return [{ path: [...path, 'record'], message: noSuch('record', record, records), dependsOn }];
}

/** Names of the services in a name's records. */
export function servicesOfName(name: string, { names, services }: ScenarioFile): string[] {
  return names[name]!.records.flatMap(({ to }) => (services[to] === undefined ? [] : [to]));
}
