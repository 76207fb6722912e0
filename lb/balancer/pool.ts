import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import type { ServerRole } from '../render/input.ts';

const DRAIN_DEADLINE_MS = 3_600_000;

interface Drain {
  /** Monotonic clock, ms. */
  began: number;
  done: boolean;
}

/** A draining server and its service. */
export interface Draining {
  service: LbService;
  server: LbServer;
}

/**
 * The servers of each service and their roles. A server that a new configuration leaves out is drained, so that its
 * flows can finish.
 */
export class Pool {
  #config: LbConfig = { version: 1, vipOwner: true, services: [] };
  readonly #drains = new Map<string, Drain>();
  readonly #isUp: (service: LbService, server: LbServer) => boolean;

  constructor(isUp: (service: LbService, server: LbServer) => boolean) {
    this.#isUp = isUp;
  }

  /** Active configuration, including servers that are being removed. */
  get config(): LbConfig {
    return this.#config;
  }

  /** What `adopt` would activate. Changes nothing. */
  next(config: LbConfig): LbConfig {
    const formers = new Map(this.#config.services.map((service) => [service.name, service]));
    const services = config.services.map((service) => {
      const former = formers.get(service.name);
      // Skip unchanged services early: there may be a thousand.
      if (!former || former === service || !sameFrontend(former, service)) return service;
      const names = new Set(service.servers.map(({ name }) => name));
      const addresses = new Set(service.servers.map(({ address, port }) => `${address} ${port ?? service.port}`));
      const leaving = former.servers.filter(
        (server) => !names.has(server.name) && !addresses.has(`${server.address} ${server.port ?? service.port}`),
      );
      const finished = (server: LbServer) => this.#drains.get(keyOf(service, server))?.done ?? false;
      const removed = leaving.filter((server) => !finished(server)).map((server) => ({ ...server, drain: true }));
      return removed.length > 0 ? { ...service, servers: [...service.servers, ...removed] } : service;
    });
    return { ...config, services };
  }

  /** Activates a configuration. */
  adopt(config: LbConfig): void {
    this.#config = config;
    const now = performance.now();
    const draining = new Set<string>();
    for (const { service, server } of this.#leaving()) {
      const key = keyOf(service, server);
      draining.add(key);
      if (this.#drains.has(key)) continue;
      this.#drains.set(key, { began: now, done: false });
    }
    for (const key of this.#drains.keys()) if (!draining.has(key)) this.#drains.delete(key);
  }

  roleOf(service: LbService, server: LbServer): ServerRole {
    const up = this.#isUp(service, server);
    if (server.drain) return up && !this.#drains.get(keyOf(service, server))?.done ? 'keep' : 'out';
    if (up) return 'new';
    const lastResort =
      service.whenNoneUp === 'last-resort' && !service.servers.some((s) => !s.drain && this.#isUp(service, s));
    return lastResort ? 'new' : 'out';
  }

  /** Servers whose flows have not finished yet. */
  draining(): Draining[] {
    return this.#leaving().filter(({ service, server }) => !this.#drains.get(keyOf(service, server))!.done);
  }

  /** Removes a draining server if it has no flows left or its deadline has passed; returns the reason, or null. */
  finish({ service, server }: Draining, flows: number): string | null {
    const drain = this.#drains.get(keyOf(service, server))!;
    const deadline = drain.began + (server.drainDeadlineMs ?? service.drainDeadlineMs ?? DRAIN_DEADLINE_MS);
    const reason =
      flows === 0 ? 'drained' : performance.now() >= deadline ? `${flows} flows cut at the deadline` : null;
    if (reason !== null) drain.done = true;
    return reason;
  }

  #leaving(): Draining[] {
    return this.#config.services.flatMap((service) =>
      service.servers.filter(({ drain }) => drain).map((server) => ({ service, server })),
    );
  }
}

function keyOf(service: LbService, server: LbServer): string {
  return `${service.name}/${server.name}`;
}

/** Flows survive a reload only if clients still reach them in the same way. */
function sameFrontend(a: LbService, b: LbService): boolean {
  return a.vip === b.vip && a.port === b.port && a.protocol === b.protocol && a.mode === b.mode;
}
