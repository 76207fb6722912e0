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

/** `stmt` is there when elements count. */
type NftMap = NftNamed & { stmt?: unknown[] };

interface NftNamed {
  family: string;
  table?: string;
  name: string;
}

/** The load balancer's tables in the kernel. Every change is one transaction: packets meet old rules or new ones. */
export class KernelTables {
  readonly #nft = new NftSession();
  #current: Table[] = [];
  #applied = { count: 0, lastMs: 0 };
  /** What is in the kernel; null where that is `#current`. To be read once more after a change that failed. */
  #found: FoundTable[] | 'unread' | null;
  #takenOver: boolean;

  private constructor(found: FoundTable[]) {
    this.#found = found;
    this.#takenOver = found.length > 0;
  }

  /** Looks for tables that are there already, and for the holdings and overrides noted in them. */
  static async open(): Promise<{ tables: KernelTables; owned: Holding[]; overrides: Override[] }> {
    const found = await findTables();
    const sets = found.flatMap(({ family, maps }) =>
      maps.flatMap(({ name }) => {
        const kind = ownedKind(name);
        return kind === null ? [] : [{ family, name, kind }];
      }),
    );
    const owned = await Promise.all(sets.map(({ family, name, kind }) => readOwned(family, name, kind)));
    const noting = found.find(({ maps }) => maps.some(({ name }) => name === OVERRIDES_SET));
    const overrides = noting ? await readOverrides(noting.family) : [];
    return { tables: new KernelTables(found), owned: owned.flat(), overrides };
  }

  /** Whether flows of a process that died are being carried. */
  get takenOver(): boolean {
    return this.#takenOver;
  }

  /** Tables as they were applied last. */
  get current(): Table[] {
    return this.#current;
  }

  /** How often something was changed, and how long the last change took. */
  get applied(): { count: number; lastMs: number } {
    return this.#applied;
  }

  /** Makes the next change quicker. */
  prepare(): void {
    this.#nft.prepare();
  }

  /**
   * Where `nft` dies over a change, nobody knows whether that is in force: then the tables are taken over as after a crash.
   * @throws {LbError} `nft-failed`, with the kernel's rules as they were, unless `nft` died twice.
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

  /** Takes the load balancer's tables out; other tables are left alone. */
  async remove(): Promise<void> {
    const forget = TABLE_FAMILIES.map((family) => `add table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`);
    this.#nft.end();
    await run('nft-failed', 'nft', ['-f', '-'], forget.join(''));
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
