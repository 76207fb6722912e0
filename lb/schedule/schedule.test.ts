import fc from 'fast-check';
import { leastConnections } from './least-connections.ts';
import { maglevTable } from './maglev.ts';
import { smoothRound } from './smooth-wrr.ts';

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 });
const named = weights.map((list) => list.map((weight, i) => ({ name: `s${i}`, weight })));

function tally<T>(items: T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

describe('smooth weighted round robin', () => {
  it('gives every server its weight in each round', () => {
    fc.assert(
      fc.property(named, (servers) => {
        const round = smoothRound(servers);
        const total = servers.reduce((sum, { weight }) => sum + weight, 0);
        const counts = tally(round);
        return servers.every((server) => counts.get(server)! * total === server.weight * round.length);
      }),
    );
  });

  it('spreads the turns of a heavy server over its round', () => {
    const servers = [
      { name: 'a', weight: 5 },
      { name: 'b', weight: 1 },
      { name: 'c', weight: 1 },
    ];
    expect(
      smoothRound(servers)
        .map(({ name }) => name)
        .join(''),
    ).toBe('aabacaa');
  });

  it('alternates equal servers', () => {
    const servers = [
      { name: 'a', weight: 7 },
      { name: 'b', weight: 7 },
    ];
    expect(smoothRound(servers).map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('maglev', () => {
  const SIZE = 16_381;
  const pool = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `server-${i}`, weight: 1 }));
  const names = (servers: { name: string; weight: number }[]) => maglevTable(servers, SIZE).map(({ name }) => name);

  it.each([2, 3, 5, 10, 50])('moves at most 1/N + 2 % of the slots when one of %i servers is removed or added', (n) => {
    const all = names(pool(n));
    const fewer = names(pool(n).slice(0, -1));
    const moved = all.filter((name, slot) => fewer[slot] !== name).length;
    expect(moved / SIZE).toBeLessThanOrEqual(1 / n + 0.02);
  });

  it('shares the slots by weight, within one in a hundred', () => {
    const servers = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 2 },
      { name: 'c', weight: 5 },
    ];
    const counts = tally(names(servers));
    for (const { name, weight } of servers) expect(counts.get(name)! / SIZE).toBeCloseTo(weight / 8, 2);
  });

  it('does not depend on the order of the servers', () => {
    fc.assert(
      fc.property(named, (servers) => {
        const table = (list: typeof servers) => maglevTable(list, 251).map(({ name }) => name);
        expect(table(servers.toReversed())).toEqual(table(servers));
      }),
    );
  });
});

describe('least connections', () => {
  it('levels out unequal servers', () => {
    const servers = [
      { name: 'a', weight: 1, flows: 10 },
      { name: 'b', weight: 1, flows: 0 },
    ];
    expect(leastConnections(servers, 10).map(({ name }) => name)).toEqual(Array(10).fill('b'));
  });

  it('keeps servers within one flow per weight of each other, once they have been levelled', () => {
    const loaded = fc.array(
      fc.record({ weight: fc.integer({ min: 1, max: 5 }), flows: fc.integer({ min: 0, max: 9 }) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(loaded, (servers) => {
        const given = tally(leastConnections(servers, 500));
        const loads = servers.map((server) => (server.flows + (given.get(server) ?? 0)) / server.weight);
        return Math.max(...loads) - Math.min(...loads) <= 1;
      }),
    );
  });
});
