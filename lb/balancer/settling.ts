import type { LbService } from '../terms/config.ts';
import { CLOSING_MS } from '../render/flow-table.ts';

interface Choice {
  /** What the servers do in the service. */
  roles: string;
  /** Monotonic clock, ms. */
  since: number;
}

/**
 * How long the servers of each service have had the same roles. A reused client port returns to its previous server
 * only if that server would still be selected now; otherwise a client that uses few ports would never reach a new
 * server, nor follow a new weight.
 */
export class Settling {
  readonly #choices = new WeakMap<LbService, Choice>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  /** @param now a monotonic clock, ms */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Records the current roles of a service's servers. A new configuration makes a new service object. */
  note(service: LbService, roles: string): void {
    if (this.#choices.get(service)?.roles === roles) return;
    this.#choices.set(service, { roles, since: this.#now() });
  }

  /** Whether all flows that the kernel still remembers as closed were assigned with the current roles. */
  isSettled(service: LbService): boolean {
    return this.msLeft(service) === 0;
  }

  /** Time until the service is settled, ms. */
  msLeft(service: LbService): number {
    const now = this.#now();
    return Math.max(0, (this.#choices.get(service)?.since ?? now) + CLOSING_MS - now);
  }

  /** Calls back when the last of these services has settled; replaces any earlier callback. */
  whenSettled(services: LbService[], callback: () => void): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (services.length === 0 || this.#ended) return;
    const ms = services.reduce((longest, service) => Math.max(longest, this.msLeft(service)), 0);
    this.#timer = setTimeout(callback, ms + 1);
  }

  end(): void {
    this.#ended = true;
    if (this.#timer) clearTimeout(this.#timer);
  }
}
