import { isDeepStrictEqual } from 'node:util';
import { announce } from '../host/announce.ts';
import { lostFrom, withoutHoldings } from '../host/holdings.ts';
import { OwnedAddresses } from '../host/owned-addresses.ts';
import { readFacts } from '../host/read-facts.ts';
import { watchHost } from '../host/watch-host.ts';
import type { HostFacts } from '../facts/facts.ts';
import { renamesSince } from '../facts/facts.ts';
import type { Holding } from '../terms/holding.ts';
import { log, logError } from '../terms/log.ts';

/** Delay before reading the host again after a failure. */
const RETRY_MS = 1000;

const NO_MONITOR = '`ip monitor` has ended: send SIGHUP after interfaces, addresses or routes have changed';

/** The host as last read, and what the load balancer owns in it. Reports changes until `end`. */
export class HostView {
  readonly owned: OwnedAddresses;
  readonly #onChange: () => Promise<void>;
  readonly #watch = watchHost(
    () => this.#follow(),
    () => log({ event: 'error', code: 'ip-failed', message: NO_MONITOR }),
  );
  #facts: HostFacts = { interfaces: [], routes: [] };
  #reconciled = this.#facts;
  #retry: NodeJS.Timeout | null = null;
  #ended = false;

  /**
   * @param owned left by a process that died
   * @param onChange adapts rules and addresses to the host; retried after `RETRY_MS` if it fails
   */
  constructor(owned: Holding[], onChange: () => Promise<void>) {
    this.owned = new OwnedAddresses(owned);
    this.#onChange = onChange;
  }

  /** The host without what the load balancer owns in it. */
  get facts(): HostFacts {
    return this.#facts;
  }

  /**
   * Reads the host for the first time; forgets owned objects that it no longer has. From then on no change is missed.
   */
  async open(): Promise<void> {
    await this.#watch.subscribed;
    const found = await readFacts();
    this.owned.forget(lostFrom(found, this.owned.all, found));
    this.#facts = withoutHoldings(found, this.owned.all);
  }

  /** Reads the host again. Objects that another program has removed are no longer owned. */
  async read(): Promise<void> {
    const found = await readFacts();
    this.owned.follow(renamesSince(this.#facts, found));
    const lost = lostFrom(found, this.owned.all, this.#facts);
    const facts = withoutHoldings(found, this.owned.all);
    this.owned.forget(lost);
    if (lost.length > 0 || !isDeepStrictEqual(facts, this.#facts)) this.#facts = facts;
  }

  /** Marks rules and addresses as adapted to the host as last read. */
  setReconciled(): void {
    this.#reconciled = this.#facts;
  }

  /** Reads the host again; if it has changed, `adapt` updates rules and addresses, which are then announced. */
  async reconcile(adapt: () => Promise<void>): Promise<void> {
    const began = performance.now();
    const former = this.#reconciled;
    await this.read();
    if (this.#facts === former) return;
    await this.#adaptTo(adapt);
    const all = this.owned.all;
    const macs = new Map(former.interfaces.map(({ name, mac }) => [name, mac]));
    const moved = this.#facts.interfaces.filter(({ name, mac }) => (macs.get(name) ?? mac) !== mac);
    await announce(all, moved, all);
    log({ event: 'host-changed', durationMs: Math.round(performance.now() - began) });
  }

  end(): void {
    this.#ended = true;
    this.#watch.end();
    if (this.#retry) clearTimeout(this.#retry);
  }

  /** What fails because the host was in the middle of a change, such as an address without its route, is no error. */
  async #adaptTo(adapt: () => Promise<void>): Promise<void> {
    const read = this.#facts;
    await adapt().catch(async (error: unknown) => {
      await this.read();
      if (this.#facts === read) throw error;
      await this.#adaptTo(adapt);
    });
  }

  /** Retries on failure. */
  #follow(): void {
    void this.#onChange().catch((error: unknown) => {
      logError(error);
      if (this.#retry) clearTimeout(this.#retry);
      if (!this.#ended) this.#retry = setTimeout(() => this.#follow(), RETRY_MS);
    });
  }
}
