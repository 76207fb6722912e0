import type { Calls } from '../agent/protocol.ts';
import { planAt } from '../scenario/plan-at.ts';
import { pairLab } from '../model/testing/pair-lab.ts';
import { awaitState } from './await-state.ts';

const plan = planAt(pairLab({ steps: [[]] }), 0);

/** A lab whose nodes say this of themselves, and of servers. */
function labWhere(
  masters: string[],
  down: Record<string, string[]>,
  still: string[] = [],
): Parameters<typeof awaitState>[1] {
  const servers = (node: string): Calls['serverStates']['result'] =>
    ['s1', 's2', 's3'].map((server) => ({ service: 'a', server, up: down[node]?.includes(server) !== true }));
  const call = (node: string, method: string): unknown =>
    method === 'serverStates' ? servers(node) : masters.includes(node) ? 'master' : 'backup';
  return {
    plan,
    lab: { node: (name) => ({ call: (method) => Promise.resolve(call(name, method) as never) }) },
    actions: { runs: (node) => !still.includes(node), balances: () => true, paused: new Set(still) },
    signal: undefined,
  };
}

test('a reached state is not reported; one that was not is reported with the actual states', async () => {
  const s2Down = { server: 's2', is: 'down', withinMs: 0 } as const;
  expect(await awaitState(s2Down, labWhere([], { l4a: ['s2'], l4b: ['s2'] }))).toBeNull();
  expect(await awaitState(s2Down, labWhere([], { l4a: ['s2'] }))).toEqual([{ node: 'l4b', state: 'up' }]);
  const master = { master: 'l4b', withinMs: 0 };
  expect(await awaitState(master, labWhere(['l4b'], {}))).toBeNull();
  expect(await awaitState(master, labWhere(['l4b'], {}, ['l4a']))).toBeNull();
  expect(await awaitState(master, labWhere(['l4a', 'l4b'], {}))).toEqual([{ node: 'l4a', state: 'master' }]);
  expect(await awaitState(master, labWhere(['l4a'], {}, ['l4b']))).toEqual([
    { node: 'l4a', state: 'master' },
    { node: 'l4b', state: 'paused' },
  ]);
});
