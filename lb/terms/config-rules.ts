import { isIPv4, lastWord } from './address.ts';
import { asksForVip } from './check-target.ts';
import type { LbConfig, LbService, RouteService } from './config.ts';
import { isDirect, MODES } from './mode.ts';
import { markOf } from './mark.ts';
import { destinationOf, nextHopMark } from './next-hops.ts';
import { tunnelMark, versionOf } from './tunnel.ts';

/** A mistake in a configuration, at a path such as `['services', 0, 'vip']`, or `['routeServices', 0, 'to']`. */
export interface Problem {
  path: (string | number)[];
  message: string;
  /** Whether the problem is the key itself, not its value. */
  at?: 'key';
}

/** Problems that the schema cannot express; empty if the configuration is valid. */
export function findProblems(config: LbConfig): Problem[] {
  const problems = config.services.flatMap((service, i) =>
    [...serviceProblems(service), ...ownCallProblems(service, config.vipOwner)].map(({ path, message }) => ({
      path: ['services', i, ...path],
      message,
    })),
  );
  problems.push(
    ...duplicates(['services'], config.services, { field: 'name', what: 'service name' }, (s) => s.name),
    ...routeProblems(config),
    ...duplicates(
      ['services'],
      config.services,
      { field: 'vip', what: 'VIP and port' },
      (s) => `${s.vip} ${s.protocol}/${s.port}`,
    ),
  );
  problems.push(
    ...dscpProblems(config.services),
    ...tunnelProblems(config.services),
    ...collidingVips(config.services),
    ...collidingServers(config.services),
    ...collidingTunnels(config.services),
    ...tooManyChecks(config.services),
  );
  return problems;
}

/** Problems of services of mode `route`. */
function routeProblems({ services, routeServices = [] }: LbConfig): Problem[] {
  const own = routeServices.flatMap((service, i) => {
    const { to, nextHops, name } = service;
    const [first] = nextHops;
    const at = (path: Problem['path'], message: string): Problem => ({ path: ['routeServices', i, ...path], message });
    const isOther = (address: string, end: string): boolean => isIPv4(address) !== isIPv4(end);
    const foreign = nextHops.flatMap((address, hop) => {
      if (nextHops.indexOf(address) < hop) return [at(['nextHops', hop], `next hop ${address} is given twice`)];
      const end = to === 'any' ? first! : to;
      return isOther(address, end) ? [at(['nextHops', hop], `${address} and ${end} differ in address family`)] : [];
    });
    const isTaken = services.some((other) => other.name === name);
    return [...foreign, ...(isTaken ? [at(['name'], `service name ${name} is given twice`)] : [])];
  });
  return [
    ...own,
    ...duplicates(['routeServices'], routeServices, { field: 'name', what: 'service name' }, ({ name }) => name),
    ...duplicates(['routeServices'], routeServices, { field: 'to', what: 'destination' }, destinationOf),
    ...collidingNextHops(routeServices),
  ];
}

/** Marks of next hops are hashes, so two may be equal. */
function collidingNextHops(services: RouteService[]): Problem[] {
  const first = new Map<string, string>();
  return services.flatMap(({ nextHops }, i) =>
    nextHops.flatMap((address, hop) =>
      collisions(first, nextHopMark(address), address, ['routeServices', i, 'nextHops', hop]),
    ),
  );
}

/** Marks of tunnels are hashes, so two may be equal. */
function collidingTunnels(services: LbService[]): Problem[] {
  const first = new Map<string, string>();
  return services.flatMap(({ mode, vip, servers }, i) =>
    mode !== 'ipip'
      ? []
      : servers.flatMap(({ address }, j) =>
          collisions(first, tunnelMark({ server: address, carries: versionOf(vip) }), address, [
            'services',
            i,
            'servers',
            j,
            'address',
          ]),
        ),
  );
}

/** @param first first user of each mark; extended */
function collisions(first: Map<string, string>, mark: string, place: string, path: Problem['path']): Problem[] {
  const other = first.get(mark) ?? place;
  first.set(mark, other);
  if (other === place) return [];
  const message = `the kernel's tables cannot distinguish ${place} from ${other} (${mark}): change one of the addresses`;
  return [{ path, message }];
}

/** Each check has a port of the host above 60,000, and a second one while a reload replaces all of them. */
const CHECKED_LIMIT = 2_750;

function tooManyChecks(services: LbService[]): Problem[] {
  const checked = services.filter(asksForVip);
  const first = checked[CHECKED_LIMIT];
  if (!first) return [];
  const message = `at most ${CHECKED_LIMIT} services in dsr and l3dsr can have health checks, not ${checked.length}`;
  return [{ path: ['services', services.indexOf(first), 'check'], message }];
}

/** The kernel's map of dsr flows identifies VIPs by their last 32 bits. */
function collidingVips(services: LbService[]): Problem[] {
  const first = new Map<string, LbService>();
  return services.flatMap((service, i) => {
    if (!isDirect(service)) return [];
    const { vip, port, protocol, mode } = service;
    const key = `${isIPv4(vip)} ${lastWord(vip)} ${port} ${protocol}`;
    const other = first.get(key);
    if (!other) first.set(key, service);
    if (!other || other.vip === vip) return [];
    const message = `${mode} needs VIPs that differ in their last 32 bits: see ${other.name}`;
    return [{ path: ['services', i, 'vip'], message }];
  });
}

/** Flow maps identify a server by 32 bits, usually a hash. */
function collidingServers(services: LbService[]): Problem[] {
  const ofDirect = new Map<string, string>();
  return services.flatMap((service, i) => {
    const direct = isDirect(service);
    if (!direct && !service.persistence) return [];
    // Other flows of modes with NAT are kept by conntrack.
    const first = direct ? ofDirect : new Map<string, string>();
    return service.servers.flatMap(({ address, port = service.port }, j) => {
      const place = direct ? address : `${address} port ${port}`;
      const mark = direct ? markOf(address) : markOf(address, port);
      return collisions(first, mark, place, ['services', i, 'servers', j, 'address']);
    });
  });
}

/**
 * A server derives the VIP from the DSCP value, and the load balancer the value from the VIP, so they must correspond
 * one to one.
 */
function dscpProblems(services: LbService[]): Problem[] {
  return services.flatMap((service, i) => {
    const other = services
      .slice(0, i)
      .find((s) => isDirect(s) && isDirect(service) && (s.vip === service.vip) !== (s.dscp === service.dscp));
    if (!other || (other.dscp === undefined && service.dscp === undefined)) return [];
    const message = `services with the same VIP need the same DSCP value, and different VIPs need different values: compare ${service.name} and ${other.name}`;
    return [{ path: ['services', i, 'dscp'], message }];
  });
}

/** Fragments without a port are handled by VIP only. */
function tunnelProblems(services: LbService[]): Problem[] {
  return services.flatMap((service, i) => {
    const other = services
      .slice(0, i)
      .find(
        (one) =>
          one.vip === service.vip &&
          isDirect(one) &&
          isDirect(service) &&
          (one.mode === 'ipip') !== (service.mode === 'ipip'),
      );
    if (other === undefined) return [];
    const message = `services with the same VIP cannot mix ipip and ${other.mode === 'ipip' ? service.mode : other.mode}: compare ${service.name} and ${other.name}`;
    return [{ path: ['services', i, 'mode'], message }];
  });
}

function serviceProblems(service: LbService): Problem[] {
  const problems: Problem[] = [];
  const traits = MODES[service.mode];
  const sameFamily = (address: string) => isIPv4(address) === isIPv4(service.vip);
  if (service.proxyIp !== undefined && !traits.hidesSource) {
    problems.push({
      path: ['proxyIp'],
      message: `only valid in mode proxy, not in ${service.mode}`,
    });
  }
  if (service.proxyPorts !== undefined && !traits.hidesSource) {
    problems.push({
      path: ['proxyPorts'],
      message: `only valid in mode proxy, not in ${service.mode}`,
    });
  }
  if (service.mssClamp !== undefined && service.protocol !== 'tcp') {
    problems.push({ path: ['mssClamp'], message: `only valid for tcp, not for ${service.protocol}` });
  }
  for (const proxyIp of proxyIps(service)) {
    if (!sameFamily(proxyIp)) {
      problems.push({
        path: ['proxyIp'],
        message: `proxy IP ${proxyIp} and VIP ${service.vip} differ in address family`,
      });
    }
  }
  if (service.sourceMac === 'keep' && traits.handsOver !== 'mac') {
    problems.push({ path: ['sourceMac'], message: `only valid in mode dsr, not in ${service.mode}` });
  }
  if ((service.dscp !== undefined) !== (traits.handsOver === 'dscp')) {
    problems.push({
      path: ['dscp'],
      message:
        service.dscp === undefined
          ? 'is missing: mode l3dsr needs it'
          : `only valid in mode l3dsr, not in ${service.mode}`,
    });
  }
  problems.push(...idleCheckFields(service), ...sourceProblems(service));
  service.servers.forEach((server, i) => {
    // In a tunnel a packet may be of another family than the one that carries it.
    if (!sameFamily(server.address) && traits.handsOver !== 'tunnel') {
      problems.push({
        path: ['servers', i, 'address'],
        message: `server ${server.address} and VIP ${service.vip} differ in address family`,
      });
    }
    if (isDirect(service) && server.port !== undefined && server.port !== service.port) {
      problems.push({
        path: ['servers', i, 'port'],
        message: `${service.mode} does not change the port: it must be ${service.port}, or absent`,
      });
    }
  });
  problems.push(
    ...duplicates(['servers'], service.servers, { field: 'name', what: 'server name' }, (s) => s.name),
    ...duplicates(
      ['servers'],
      service.servers,
      { field: 'address', what: 'server' },
      (s) => `${s.address} port ${s.port ?? service.port}`,
    ),
  );
  return problems;
}

/** The host's own calls pass NAT at output, which can only redirect them to an address and port. */
function ownCallProblems({ ownCalls, mode }: LbService, vipOwner: LbConfig['vipOwner']): Problem[] {
  if (ownCalls !== true) return [];
  const path = ['ownCalls'];
  if (isDirect({ mode })) {
    const message = `only valid in modes dnat and proxy: in ${mode} servers hold the VIP and would reply to themselves`;
    return [{ path, message }];
  }
  if (vipOwner !== false) return [];
  return [{ path, message: 'requires `vipOwner: true`: otherwise the host has no route to its VIPs' }];
}

/** Fields of only one type of check. */
const ONLY_OF = { path: 'http', status: 'http', body: 'http', send: 'udp', expect: 'udp' } as const;

function canAskForVip(mode: LbService['mode']): boolean {
  return asksForVip({ mode, check: { type: 'tcp' } as LbService['check'] });
}

const NOT_CHECKED = 'only valid if servers are checked, not in type none';

function idleCheckFields({ mode, check }: LbService): Problem[] {
  const idle = (field: keyof LbService['check'], message: string): Problem[] =>
    check[field] === undefined ? [] : [{ path: ['check', field], message }];
  return [
    ...(Object.keys(ONLY_OF) as (keyof typeof ONLY_OF)[]).flatMap((field) =>
      check.type === ONLY_OF[field]
        ? []
        : idle(field, `only valid in type ${ONLY_OF[field]}, not in type ${check.type}`),
    ),
    ...(check.type === 'none'
      ? (['target', 'port', 'source'] as const).flatMap((field) => idle(field, NOT_CHECKED))
      : [
          ...(check.type === 'icmp' ? idle('port', 'only valid in types tcp, http and udp, not in type icmp') : []),
          ...(canAskForVip(mode)
            ? []
            : idle(
                'target',
                `only valid in modes dsr and l3dsr: in ${mode} checks always use the server's own address`,
              )),
        ]),
  ];
}

function sourceProblems(service: LbService): Problem[] {
  const { vip, mode, check, servers } = service;
  const { source } = check;
  if (source === undefined) return [];
  const path = ['check', 'source'];
  const isOther = (address: string): boolean => isIPv4(source) !== isIPv4(address);
  const far = MODES[mode].handsOver === 'tunnel' ? servers.find(({ address }) => isOther(address)) : undefined;
  if (far !== undefined)
    return [{ path, message: `checks from ${source} cannot reach ${far.address}: they differ in address family` }];
  if (MODES[mode].handsOver !== 'tunnel' && isOther(vip))
    return [
      { path, message: `checks from ${source} cannot reach a server: it and VIP ${vip} differ in address family` },
    ];
  return source === vip && asksForVip(service)
    ? [{ path, message: `servers hold ${vip} themselves and would reply to themselves: use another address` }]
    : [];
}

/** Explicit proxy IPs of a service; empty for `auto`. */
export function proxyIps(service: LbService): string[] {
  const { proxyIp } = service;
  if (proxyIp === undefined || proxyIp === 'auto') return [];
  return typeof proxyIp === 'string' ? [proxyIp] : proxyIp;
}

function duplicates<T>(
  list: string[],
  items: T[],
  { field, what }: { field: string; what: string },
  key: (item: T) => string,
): Problem[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const value = key(item);
    if (seen.has(value)) return [{ path: [...list, i, field], message: `${what} ${value} is given twice` }];
    seen.add(value);
    return [];
  });
}
