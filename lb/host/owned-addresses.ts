import type { Holding } from '../terms/holding.ts';
import { batches, missingFrom } from './holdings.ts';
import { enableProxyReplies, forget, restoreSettings, rename } from './proxy-replies.ts';
import { run } from './run.ts';
import { beforeLocalTable, explainMissingTunnels } from './tunnels.ts';

/** The addresses, routes, rules, tunnels and proxy ARP entries that the load balancer owns on the host. */
export class OwnedAddresses {
  #made: Holding[];
  #expected: Holding[] = [];
  readonly #former = new Map<string, string>();
  readonly #left: ReadonlySet<string>;

  /** `made`: left by a process that died. */
  constructor(made: Holding[]) {
    this.#made = made;
    this.#left = new Set(made.filter(({ kind }) => kind === 'proxy-arp').map(({ dev }) => dev));
  }

  /** Everything that exists or is about to be added: what the tables must record. */
  get all(): Holding[] {
    return [...this.#made, ...missingFrom(this.#expected, this.#made)];
  }

  /** Announces what will be added, so that it is recorded before it exists. */
  expect(holdings: Holding[]): void {
    this.#expected = holdings;
  }

  /** Adds what is missing, and returns it. @throws {LbError} `ip-failed`, `kernel-lacks`; call `rollBack` then. */
  async add(holdings: Holding[]): Promise<Holding[]> {
    await enableProxyReplies(holdings, this.#former, this.#left);
    const fresh = missingFrom(holdings, this.#made);
    if (fresh.length === 0) return [];
    // None of them existed, so after a failure halfway all of them are ours to remove.
    this.#made = [...this.#made, ...fresh];
    for (const { flags, lines, first } of batches('add', fresh)) {
      const text = first ? await beforeLocalTable(lines, flags) : lines;
      await run('ip-failed', 'ip', [...flags, '-batch', '-'], text.join('')).catch((error: unknown) => {
        throw explainMissingTunnels(error);
      });
    }
    return fresh;
  }

  /** Renames interfaces; `names` maps old names to new ones. */
  follow(names: ReadonlyMap<string, string>): void {
    const renamed = (holding: Holding) => ({ ...holding, dev: names.get(holding.dev) ?? holding.dev });
    this.#made = this.#made.map(renamed);
    this.#expected = this.#expected.map(renamed);
    rename(names, this.#former);
  }

  /** Marks these as no longer on the host. */
  forget(holdings: Holding[]): void {
    this.#made = missingFrom(this.#made, holdings);
    forget(holdings, this.#former);
  }

  /** Restores what was owned before a failed change. */
  async rollBack(before: Holding[]): Promise<void> {
    this.#expected = [];
    await this.keepOnly(before);
  }

  /** Removes all others, and returns what was removed. */
  async keepOnly(holdings: Holding[]): Promise<Holding[]> {
    const surplus = missingFrom(this.#made, holdings);
    this.#made = this.#made.filter((holding) => !surplus.includes(holding));
    // `-force`: continue if another program has already deleted something.
    for (const { flags, lines } of batches('del', surplus.toReversed()))
      await run('ip-failed', 'ip', ['-force', ...flags, '-batch', '-'], lines.join('')).catch(() => '');
    if (!this.#made.some(({ kind }) => kind === 'proxy-arp')) await restoreSettings(this.#former);
    return surplus;
  }

  /** Removes everything. */
  async release(): Promise<void> {
    this.#expected = [];
    await this.keepOnly([]);
  }
}
