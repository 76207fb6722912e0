import fc from 'fast-check';
import type { LbConfig } from '../terms/config.ts';
import type { HostFacts } from '../facts/facts.ts';
import { run } from '../host/run.ts';
import { validConfig } from '../testing/arbitrary-config.ts';
import { NetnsLab } from '../netns/netns-lab.ts';
import '../testing/test-timeout.ts';
import type { FoundTable } from './changes.ts';
import { changeScript, takeOverScript } from './changes.ts';
import { render } from './render.ts';
import type { Table } from './ruleset.ts';
import { formatTable } from './ruleset.ts';

const FACTS: HostFacts = {
  interfaces: [
    { name: 'lo', index: 1, mac: '', master: null, mtu: 1500, addresses: [{ address: '127.0.0.1', prefix: 8 }] },
    {
      name: 'peer',
      index: 2,
      mac: '02:00:00:00:00:02',
      master: null,
      mtu: 1500,
      addresses: [
        { address: '203.0.113.2', prefix: 24 },
        { address: '2001:db8::2', prefix: 64 },
      ],
    },
  ],
  routes: [],
};

function tablesOf(config: LbConfig): Table[] {
  return render(
    {
      config,
      facts: FACTS,
      roleOf: (_, server) => (server.drain ? 'keep' : server.name === 's4' ? 'out' : 'new'),
      flowsOf: () => 0,
      isSettled: () => true,
      macOf: (address) => (address.endsWith('1') ? '02:00:00:00:00:01' : null),
      checkPortOf: ({ mode, check, port }) => (mode === 'dsr' && check.type !== 'none' ? 60_000 + port : null),
      uid: 0,
    },
    [],
  );
}

const foundOf = (tables: Table[]): FoundTable[] =>
  tables.map(({ family, chains, maps }) => ({ family, chains: chains.map(({ name }) => name), maps }));

describe('changes of rules, in a kernel', () => {
  let lab: NetnsLab;

  beforeAll(async () => {
    lab = await NetnsLab.create({
      l4: { links: { peer: '203.0.113.2/24' } },
      peer: { links: { l4: '203.0.113.1/24' } },
    });
  });
  afterAll(() => lab.close());

  const load = (script: string) =>
    run('nft-failed', 'ip', ['netns', 'exec', lab.namespace('l4'), 'nft', '-f', '-'], script);
  /** All loaded rules, by block: their order is irrelevant. */
  const loaded = async () => {
    const text = await lab.exec('l4', 'nft', '-s', 'list', 'ruleset');
    const tables = text.split(/^(?=table )/m);
    return tables
      .flatMap((table) => table.split('\n\n').map((block) => block.replaceAll(/^table .*\n|^\}\n/gm, '').trim()))
      .toSorted();
  };
  const fresh = async (tables: Table[]) => {
    await load(`flush ruleset\n${tables.map(formatTable).join('')}`);
    return loaded();
  };

  it('changing rules has the same result as loading them', async () => {
    await fc.assert(
      fc.asyncProperty(validConfig, validConfig, async (first, second) => {
        const [before, after] = [tablesOf(first), tablesOf(second)];
        const wanted = await fresh(after);
        await load(`flush ruleset\n${changeScript([], before)}`);
        await load(changeScript(before, after));
        expect(await loaded()).toEqual(wanted);
      }),
      { numRuns: 15 },
    );
  });

  it('replacing the rules of another configuration has the same result as loading them', async () => {
    await fc.assert(
      fc.asyncProperty(validConfig, validConfig, async (first, second) => {
        const [before, after] = [tablesOf(first), tablesOf(second)];
        const wanted = await fresh(after);
        await fresh(before);
        await load(takeOverScript(foundOf(before), after));
        expect(await loaded()).toEqual(wanted);
      }),
      { numRuns: 15 },
    );
  });

  it.each([false, true])('taking over after an interrupted change has the same result; applied: %s', async (isMade) => {
    await fc.assert(
      fc.asyncProperty(validConfig, validConfig, async (first, second) => {
        const [before, after] = [tablesOf(first), tablesOf(second)];
        const wanted = await fresh(after);
        const there = isMade ? after : before;
        await fresh(there);
        await load(takeOverScript(foundOf(there), after, before));
        expect(await loaded()).toEqual(wanted);
      }),
      { numRuns: 5 },
    );
  });

  it('a map that was being replaced when nft died is not mistaken for the old one', async () => {
    const map = (limit: number) => ({
      name: 'flows',
      kind: 'map' as const,
      spec: ['type ipv4_addr : mark', `size ${limit}`, 'flags dynamic, timeout'],
      elements: null,
    });
    const table = (limit: number): Table[] => [{ family: 'inet', maps: [map(limit)], chains: [] }];
    await fresh(table(16));
    await load(takeOverScript(foundOf(table(16)), table(32), table(16)));
    expect((await loaded()).join('\n')).toContain('size 32');
  });

  it('deletes unwanted elements and adds missing ones, also if two services share one', () => {
    // Two selections of one list, so that they have much in common.
    const entry = fc.record({ key: fc.nat({ max: 5 }), before: fc.boolean(), after: fc.boolean() });
    const lists = fc.tuple(fc.array(entry, { maxLength: 12 }), fc.nat({ max: 5 })).map(([entries, other]) => ({
      from: entries.filter(({ before }) => before).map(({ key }): [string, string] => [`k${key}`, 'v']),
      to: entries
        .filter(({ after }) => after)
        .map(({ key }): [string, string] => [`k${key}`, key === other ? 'w' : 'v']),
    }));
    const table = (elements: [string, string][]): Table[] => {
      const map = { name: 'm', kind: 'map' as const, spec: ['type mark : mark'], elements };
      return [{ family: 'inet', maps: [map], chains: [] }];
    };
    fc.assert(
      fc.property(lists, ({ from, to }) => {
        const kernel = new Map(from);
        for (const [, what, elements] of changeScript(table(from), table(to)).matchAll(
          /(\w+) element .* \{ (.*) \}/g,
        )) {
          for (const [key, value] of elements!.split(', ').map((element) => element.split(' : ') as [string, string])) {
            if (what === 'add') expect(kernel.get(key) ?? value).toBe(value);
            else expect(kernel.get(key)).toBe(value);
            if (what === 'add') kernel.set(key, value);
            else kernel.delete(key);
          }
        }
        expect(kernel).toEqual(new Map(to));
      }),
    );
  });

  it('without a change the script is empty', () => {
    fc.assert(fc.property(validConfig, (config) => changeScript(tablesOf(config), tablesOf(config)) === ''));
  });
});
