import type { FlowCounts } from '../host/flow-counts.ts';
import { countFlows } from '../host/flow-counts.ts';
import type { NeighbourQuery } from '../host/neighbours.ts';
import { resolveNeighbours } from '../host/neighbours.ts';
import type { LbConfig } from '../terms/config.ts';
import type { HostFacts } from '../facts/facts.ts';
import { deviceFor } from '../facts/facts.ts';
import { log, logError } from '../terms/log.ts';
import type { Pool } from './pool.ts';

/** How long to wait for the MAC of a server whose frames keep their source MAC. */
const NEIGHBOUR_DEADLINE_MS = 500;

/** Interval for counting flows and following MACs, while needed. */
const WATCH_MS = 1000;

interface Watched {
  pool: Pool;
  facts: () => HostFacts;
  /** Runs a poll between other changes, and applies its results. */
  apply: (poll: () => Promise<void>) => Promise<void>;
}

/** Counts flows while servers drain or flows decide who is next; follows the MACs of servers while rules hold them. */
export class TrafficWatch {
  #flows: FlowCounts = () => 0;
  #macs = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(private readonly watched: Watched) {}

  /** Live flows as last counted. */
  get flowsOf(): FlowCounts {
    return this.#flows;
  }

  /** MAC of a server whose frames keep their source MAC; null if unknown. */
  macOf(address: string): string | null {
    return this.#macs.get(address) ?? null;
  }

  /** Resolves the MACs that a configuration needs. */
  async findMacs(config: LbConfig, deadlineMs = NEIGHBOUR_DEADLINE_MS): Promise<void> {
    this.#macs = await resolveNeighbours(this.#neighbours(config), deadlineMs);
  }

  /** Polls once a second while there is something to follow. */
  schedule(): void {
    const { pool, apply } = this.watched;
    if (this.#timer || this.#ended) return;
    const counting =
      pool.draining().length > 0 || pool.config.services.some((s) => s.scheduler === 'least-connections');
    if (!counting && this.#neighbours(pool.config).length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      // A failed poll is made up for by the next one.
      void apply(() => this.#poll(counting))
        .catch(logError)
        .then(() => this.schedule());
    }, WATCH_MS);
  }

  end(): void {
    this.#ended = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #poll(counting: boolean): Promise<void> {
    const { pool } = this.watched;
    if (this.#ended) return;
    await this.findMacs(pool.config, 0);
    if (!counting) return;
    this.#flows = await countFlows(pool.config);
    for (const draining of pool.draining()) {
      const { service, server } = draining;
      const reason = pool.finish(draining, this.#flows(service, server));
      if (reason !== null) log({ event: 'drained', service: service.name, server: server.name, reason });
    }
  }

  /** Servers whose MAC is part of the rules. */
  #neighbours(config: LbConfig): NeighbourQuery[] {
    const kept = config.services.filter(({ sourceMac }) => sourceMac === 'keep');
    return kept.flatMap(({ servers }) =>
      servers.flatMap(({ address }) => {
        const dev = deviceFor(this.watched.facts(), address);
        return dev === null ? [] : [{ address, dev }];
      }),
    );
  }
}
