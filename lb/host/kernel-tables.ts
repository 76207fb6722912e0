import type { FoundTable } from '../render/changes.ts';
import { changeScript, takeOverScript } from '../render/changes.ts';
import { ownedKind } from '../render/owned.ts';
import type { Override } from '../terms/overrides.ts';
import { parseOverride } from '../terms/overrides.ts';
import { OVERRIDES_SET } from '../render/overrides.ts';
import type { Table, TableFamily } from '../render/ruleset.ts';
import { TABLE } from '../render/ruleset.ts';
import { readCounting } from './read-counters.ts';
import type { Holding } from '../terms/holding.ts';
import { NftSession } from './nft-session.ts';
import { ProgramDied, run } from './run.ts';

const TABLE_FAMILIES: TableFamily[] = ['inet', 'netdev'];

interface NftObject {
  table?: NftNamed;
  chain?: NftNamed;
  set?: NftMap;
  map?: NftMap;
}

/** `stmt` is present if elements have counters. */
type NftMap = NftNamed & { stmt?: unknown[] };

interface NftNamed {
  family: string;
  table?: string;
  name: string;
}

/**
 * The load balancer's tables in the kernel. Every change is one transaction: packets see either the old rules or the
 * new ones.
 */
export class KernelTables {
  readonly #nft = new NftSession();
  #current: Table[] = [];
  #applied = { count: 0, lastMs: 0 };
  /** Tables in the kernel; null if they equal `#current`. Read again after a failed change. */
  #found: FoundTable[] | 'unread' | null;
  #takenOver: boolean;

  private constructor(found: FoundTable[]) {
    this.#found = found;
    this.#takenOver = found.length > 0;
  }

  /** Finds existing tables, and the holdings and overrides recorded in them. */
  static async open(): Promise<{ tables: KernelTables; owned: Holding[]; overrides: Override[] }> {
    const found = await findTables();
    const sets = found.flatMap(({ family, maps }) =>
      maps.flatMap(({ name }) => {
        const kind = ownedKind(name);
        return kind === null ? [] : [{ family, name, kind }];
      }),
    );
    const owned = await Promise.all(sets.map(({ family, name, kind }) => readOwned(family, name, kind)));
    const recording = found.find(({ maps }) => maps.some(({ name }) => name === OVERRIDES_SET));
    const overrides = recording ? await readOverrides(recording.family) : [];
    return { tables: new KernelTables(found), owned: owned.flat(), overrides };
  }

  /** Whether flows of a process that died are still being served. */
  get takenOver(): boolean {
    return this.#takenOver;
  }

  /** Tables as last applied. */
  get current(): Table[] {
    return this.#current;
  }

  /** Number of changes, and duration of the last one. */
  get applied(): { count: number; lastMs: number } {
    return this.#applied;
  }

  /** Prepares for a faster next change. */
  prepare(): void {
    this.#nft.prepare();
  }

  /**
   * If `nft` dies during a change, it is unknown whether the change was applied: the tables are then adopted as after a
   * crash.
   * @throws {LbError} `nft-failed`, with the kernel's rules unchanged, unless `nft` died twice.
   */
  async apply(tables: Table[]): Promise<void> {
    const began = performance.now();
    const script = this.#found === null ? changeScript(this.#current, tables) : await this.#takeOverScript(tables);
    if (script !== '') {
      this.#found = 'unread';
      try {
        await this.#nft.load(script);
      } catch (error) {
        if (!(error instanceof ProgramDied)) throw error;
        await this.#nft.load(await this.#takeOverScript(tables));
      }
      this.#applied = { count: this.#applied.count + 1, lastMs: performance.now() - began };
    }
    this.#found = null;
    this.#current = tables;
  }

  /** Removes the load balancer's tables. */
  async remove(): Promise<void> {
    const deletions = TABLE_FAMILIES.map((family) => `add table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`);
    this.#nft.end();
    await run('nft-failed', 'nft', ['-f', '-'], deletions.join(''));
    this.#current = [];
    this.#found = null;
    this.#takenOver = false;
  }

  async #takeOverScript(tables: Table[]): Promise<string> {
    const found = this.#found === null || this.#found === 'unread' ? await findTables() : this.#found;
    return takeOverScript(found, tables, this.#current);
  }
}

async function findTables(): Promise<FoundTable[]> {
  const all = await nftJson('list', 'tables');
  const families = TABLE_FAMILIES.filter((family) =>
    all.some(({ table }) => table?.name === TABLE && table.family === family),
  );
  return Promise.all(
    families.map(async (family) => {
      const objects = await nftJson('-t', 'list', 'table', family, TABLE);
      const names = (kind: 'chain' | 'set' | 'map') => objects.flatMap((o) => (o[kind] ? [o[kind].name] : []));
      const counting = objects.flatMap(({ set, map = set }) => (map?.stmt ? [map.name] : []));
      const elementsOf = async (kind: 'set' | 'map', name: string): Promise<[string, string | null][] | null> =>
        counting.includes(name) ? (await readCounting(family, kind, name)).map(({ key, value }) => [key, value]) : null;
      const maps = (['set', 'map'] as const).flatMap((kind) =>
        names(kind).map(async (name) => ({ name, kind, elements: await elementsOf(kind, name) })),
      );
      return { family, chains: names('chain'), maps: await Promise.all(maps) };
    }),
  );
}

async function readOwned(family: TableFamily, name: string, kind: Holding['kind']): Promise<Holding[]> {
  const objects = await nftJson('list', 'set', family, TABLE, name);
  const elements = objects.flatMap(
    ({ set }) => (set as { elem?: { concat: [string, string] }[] } | undefined)?.elem ?? [],
  );
  return elements.map(({ concat: [address, dev] }) => ({ kind, address, dev }));
}

async function readOverrides(family: TableFamily): Promise<Override[]> {
  const objects = await nftJson('list', 'set', family, TABLE, OVERRIDES_SET);
  const elements = objects.flatMap(
    ({ set }) => (set as { elem?: { elem: { comment?: string } }[] } | undefined)?.elem ?? [],
  );
  return elements.flatMap(({ elem }) => parseOverride(elem.comment ?? '') ?? []);
}

async function nftJson(...args: string[]): Promise<NftObject[]> {
  return (JSON.parse(await run('nft-failed', 'nft', ['-j', ...args])) as { nftables: NftObject[] }).nftables;
}
