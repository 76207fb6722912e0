import { isIPv4, lastWord } from '../terms/address.ts';
import type { LbService, RouteService } from '../terms/config.ts';
import { markOf } from '../terms/mark.ts';
import { isDirect, MODES } from '../terms/mode.ts';
import { nextHopMark } from '../terms/next-hops.ts';
import { tunnelMark, versionOf } from '../terms/tunnel.ts';
import type { Problem } from './problem.ts';

/** Services that the 32 bits of the kernel's maps and marks cannot distinguish. */
export function collidingServices(services: LbService[]): Problem[] {
  return [...collidingVips(services), ...collidingServers(services), ...collidingTunnels(services)];
}

/** Marks of next hops are hashes, so two may be equal. */
export function collidingNextHops(services: RouteService[]): Problem[] {
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
    servers.flatMap(({ address }, j) => {
      if (MODES[mode].handsOver !== 'tunnel') return [];
      const mark = tunnelMark({ server: address, carries: versionOf(vip) });
      return collisions(first, mark, address, ['services', i, 'servers', j, 'address']);
    }),
  );
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
 * A mark that another place has already.
 * @param first first user of each mark; extended
 */
function collisions(first: Map<string, string>, mark: string, place: string, path: Problem['path']): Problem[] {
  const other = first.get(mark) ?? place;
  first.set(mark, other);
  if (other === place) return [];
  const message = `the kernel's tables cannot distinguish ${place} from ${other} (${mark}): change one of the addresses`;
  return [{ path, message }];
}
