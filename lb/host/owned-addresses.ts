import type { Holding } from '../terms/holding.ts';
import { batches, missingFrom } from './holdings.ts';
import { answerAtOnce, forget, putBack, rename } from './proxy-answers.ts';
import { run } from './run.ts';
import { beforeLocal, explainTunnels } from './tunnels.ts';

/** The addresses, routes, rules, tunnels and proxy ARP entries that the load balancer has in the host. */
export class OwnedAddresses {
  #made: Holding[];
  #expected: Holding[] = [];
  readonly #former = new Map<string, string>();
  readonly #left: ReadonlySet<string>;

  /** `made`: what a process that died has left. */
  constructor(made: Holding[]) {
    this.#made = made;
    this.#left = new Set(made.filter(({ kind }) => kind === 'proxy-arp').map(({ dev }) => dev));
  }

  /** Everything that is there or about to be: what the tables must note. */
  get all(): Holding[] {
    return [...this.#made, ...missingFrom(this.#expected, this.#made)];
  }

  /** Says what is about to be added, so that it is noted before it is made. */
  expect(holdings: Holding[]): void {
    this.#expected = holdings;
  }

  /** Adds what is not there yet, and returns it. @throws {LbError} `ip-failed`, `kernel-lacks`; call `rollBack` then. */
  async add(holdings: Holding[]): Promise<Holding[]> {
    await answerAtOnce(holdings, this.#former, this.#left);
    const fresh = missingFrom(holdings, this.#made);
    if (fresh.length === 0) return [];
    // None of them was there, so whatever a failure half-way leaves is ours to take back.
    this.#made = [...this.#made, ...fresh];
    for (const { flags, lines, first } of batches('add', fresh)) {
      const text = first ? await beforeLocal(lines, flags) : lines;
      await run('ip-failed', 'ip', [...flags, '-batch', '-'], text.join('')).catch((error: unknown) => {
        throw explainTunnels(error);
      });
    }
    return fresh;
  }

  /** Follows interfaces that have got other names, by their former ones. */
  follow(names: ReadonlyMap<string, string>): void {
    const renamed = (holding: Holding) => ({ ...holding, dev: names.get(holding.dev) ?? holding.dev });
    this.#made = this.#made.map(renamed);
    this.#expected = this.#expected.map(renamed);
    rename(names, this.#former);
  }

  /** Notes that these are in the host no more. */
  forget(holdings: Holding[]): void {
    this.#made = missingFrom(this.#made, holdings);
    forget(holdings, this.#former);
  }

  /** Goes back to what was owned before a change that failed. */
  async rollBack(before: Holding[]): Promise<void> {
    this.#expected = [];
    await this.keepOnly(before);
  }

  /** Removes all but these, and returns what is gone. */
  async keepOnly(holdings: Holding[]): Promise<Holding[]> {
    const surplus = missingFrom(this.#made, holdings);
    this.#made = this.#made.filter((holding) => !surplus.includes(holding));
    // `-force`: what somebody has deleted already needs no deleting.
    for (const { flags, lines } of batches('del', surplus.toReversed()))
      await run('ip-failed', 'ip', ['-force', ...flags, '-batch', '-'], lines.join('')).catch(() => '');
    if (!this.#made.some(({ kind }) => kind === 'proxy-arp')) await putBack(this.#former);
    return surplus;
  }

  /** Removes everything. */
  async release(): Promise<void> {
    this.#expected = [];
    await this.keepOnly([]);
  }
}
