import type { LbService } from '../terms/config.ts';
import { CLOSING_MS } from '../render/flow-table.ts';

interface Choice {
  /** What the servers do in the service. */
  roles: string;
  /** Monotonic clock, ms. */
  since: number;
}

/**
 * How long services have chosen their servers in the same way. A port that is used again leads to the server of before
 * only where that was chosen as it would be now: otherwise a client that uses few ports would never see a new server, nor
 * heed a new weight.
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

  /** Notes what the servers of a service do from now on. Another configuration makes another service. */
  note(service: LbService, roles: string): void {
    if (this.#choices.get(service)?.roles === roles) return;
    this.#choices.set(service, { roles, since: this.#now() });
  }

  /** Whether what the kernel remembers of flows that are over was chosen in this way, but for those that began before. */
  isSettled(service: LbService): boolean {
    return this.msLeft(service) === 0;
  }

  /** Time until a service is settled, ms. */
  msLeft(service: LbService): number {
    const now = this.#now();
    return Math.max(0, (this.#choices.get(service)?.since ?? now) + CLOSING_MS - now);
  }

  /** Calls back when the last of these services has settled, in place of any earlier callback. */
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
