import { isIPv6 } from 'node:net';
import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import { asksForVip } from '../terms/check-target.ts';
import { serviceKey } from '../render/service-key.ts';
import type { CheckTarget } from './check.ts';
import { checkTarget } from './check.ts';

/** First port that represents a DSR service in health checks. */
const FIRST_CHECK_PORT = 60_000;

/**
 * Check targets of all servers, and the ports that represent VIPs at the servers of DSR services (see
 * render/checks.ts).
 */
export class CheckTargets {
  readonly #ports = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #made = new WeakMap<LbServer, CheckTarget>();

  /** Targets of a whole configuration. */
  all(config: LbConfig): CheckTarget[] {
    return config.services
      .filter(({ check }) => check.type !== 'none')
      .flatMap((service) => service.servers.map((server) => this.of(service, server)));
  }

  of(service: LbService, server: LbServer): CheckTarget {
    const { check } = service;
    const port = this.portOf(service) ?? (check.type === 'icmp' ? 0 : (check.port ?? server.port ?? service.port));
    const known = this.#made.get(server);
    if (known?.check === check && known.port === port) return known;
    // Only HTTP contains the VIP; all other checks of a server can be shared by several services.
    const vip = isIPv6(service.vip) ? `[${service.vip}]` : service.vip;
    const target = checkTarget({ address: server.address, port, host: check.type === 'http' ? vip : '', check });
    this.#made.set(server, target);
    return target;
  }

  /** Port that represents a service; null if its servers are checked at their own addresses, or not at all. */
  portOf(service: LbService): number | null {
    if (!asksForVip(service)) return null;
    const key = portKey(service);
    const port = this.#ports.get(key) ?? this.#free.pop() ?? FIRST_CHECK_PORT + this.#ports.size;
    this.#ports.set(key, port);
    return port;
  }

  /** Releases the ports of services that are no longer configured. */
  release(config: LbConfig): void {
    const wanted = new Set(config.services.map(portKey));
    for (const [key, port] of this.#ports) {
      if (wanted.has(key)) continue;
      this.#ports.delete(key);
      this.#free.push(port);
    }
  }
}

/** Echo requests have no port: all services of a VIP share one. */
function portKey(service: LbService): string {
  return service.check.type === 'icmp' ? service.vip : serviceKey(service);
}
