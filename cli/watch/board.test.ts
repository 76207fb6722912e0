import fc from 'fast-check';
import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import { readLab, readScenario } from '../../harness/scenario/read/read.ts';
import { withOnly, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Results } from '../../harness/terms/results.ts';
import { madeUpResults } from '../testing/made-up-results.ts';
import { TWO_NODES, twoByTwo } from '../testing/temporary-project.ts';
import { Board, failed, matching, type Column } from './board.ts';

function loaded(name: string, text = twoByTwo(), lab = TWO_NODES): LoadedScenario {
  const yaml = parseYaml(`scenarios/${name}.yaml`, text);
  return { scenario: readScenario(name, 'two-nodes', readLab(parseYaml('lab.yaml', lab)), yaml), yaml };
}

const namesOf = (columns: Column[]): string[] => columns.map(({ plan }) => `${plan.scenario} ${plan.variant}`);

/** A board on which these scenarios have run, every flow of them as it should. */
function boardOf(...scenarios: LoadedScenario[]): Board {
  const board = new Board();
  for (const one of scenarios) board.set(one);
  board.take(madeUpResults(scenarios));
  return board;
}

const MOVED = `# a comment\n${twoByTwo().replace('title: One server', 'title: The one server')}`;
const DEAF_TO_81 = twoByTwo().replace(
  '{ servers: { listeners: [81/tcp] } }',
  '{ servers: { listeners: [82/tcp, 81/tcp] } }',
);

test('what never ran is due, what has run is not', () => {
  const board = new Board();
  board.set(loaded('a'));
  expect(namesOf(board.due())).toEqual(['a as-is', 'a deaf']);
  board.take(madeUpResults([loaded('a')]));
  expect(board.due()).toEqual([]);
});

test.each([
  ['a comment and a title', MOVED, []],
  ['a setting of one variant', DEAF_TO_81, ['a deaf']],
  ['what is expected of one variant', twoByTwo().replace('cause: refused', 'cause: no-route'), ['a deaf']],
  ['a setting of all', twoByTwo().replace('servers: {', 'servers: { arpIgnore: 1,'), ['a as-is', 'a deaf']],
  ['a variant more', `${twoByTwo()}  third: {}\n`, ['a third']],
])('a change of %s affects what depends on it', (_, text, touched) => {
  const board = boardOf(loaded('a'), loaded('b'));
  board.set(loaded('a', text));
  expect(namesOf(board.due())).toEqual(touched);
});

test('a change of the lab affects every variant, and reverting it none', () => {
  const board = boardOf(loaded('a'));
  board.set(loaded('a', twoByTwo(), TWO_NODES.replace('203.0.113.11/24', '203.0.113.12/24')));
  expect(namesOf(board.due())).toEqual(['a as-is', 'a deaf']);
  board.set(loaded('a'));
  expect(board.due()).toEqual([]);
});

test('earlier results stay with their time, in the order of the file', () => {
  const board = boardOf(loaded('a'), loaded('b'));
  const moved = loaded('a', MOVED);
  board.set(moved);
  const ran = madeUpResults([loaded('b')]);
  board.take(ran);
  const { scenarios, startedAt } = board.results(ran);
  expect(scenarios.map(({ title }) => title)).toEqual(['The one server', 'One server']);
  const [a, b] = scenarios.map(({ variants }) => variants[0]!);
  expect([typeof a!.ranAt, b!.ranAt]).toEqual(['string', undefined]);
  expect(a!.ranAt! < startedAt).toBe(true);
  expect(a!.flows.map(({ at }) => at)).toEqual(['one', 'two'].map((flow) => moved.yaml.locate(['flows', flow])));
});

test('unchanged results are the same object, and are not written again', () => {
  const board = boardOf(loaded('a'), loaded('b'));
  const runB = (): Results => {
    const ran = madeUpResults([loaded('b')]);
    board.take(ran);
    return board.results(ran);
  };
  const [first, second] = [runB(), runB()];
  expect(first.scenarios[0]).toBe(second.scenarios[0]);
  expect(first.scenarios[1]).not.toBe(second.scenarios[1]);
  board.set(loaded('a', MOVED));
  expect(runB().scenarios[0]!.title).toBe('The one server');
});

test('results of changed flows are not shown as current', () => {
  const board = boardOf(loaded('a'));
  board.set(loaded('a', DEAF_TO_81));
  const shown = board.results(madeUpResults([])).scenarios;
  expect(shown.map(({ variants }) => variants.map(({ name }) => name))).toEqual([['as-is']]);
});

test('the unfinished part of a stopped run is still due', () => {
  const board = new Board();
  board.set(loaded('a'));
  const results = madeUpResults([loaded('a')], (flow, { variant }) =>
    variant === 'deaf' && flow.name === 'two' ? 'not-run' : 'pass',
  );
  board.take({ ...results, interrupted: true });
  expect(namesOf(board.due())).toEqual(['a deaf']);
});

test('what could not be run is retried only after a change, or on request', () => {
  const board = new Board();
  board.set(loaded('a'));
  board.giveUp(board.due());
  expect(board.due()).toEqual([]);
  board.set(loaded('a', DEAF_TO_81));
  expect(namesOf(board.due())).toEqual(['a deaf']);
  board.demand(board.columns());
  expect(namesOf(board.due())).toEqual(['a as-is', 'a deaf']);
});

test('failed flows, and flows by part of a name, can be selected', () => {
  const board = boardOf(loaded('dsr/one'), loaded('dnat'));
  board.take(madeUpResults([withOnly(loaded('dnat'), (variant) => variant === 'deaf')!], () => 'fail'));
  expect(namesOf(failed(board.columns()))).toEqual(['dnat deaf']);
  expect(namesOf(matching(board.columns(), 'dsr'))).toEqual(['dsr/one as-is', 'dsr/one deaf']);
  expect(namesOf(matching(board.columns(), 'one [de'))).toEqual(['dsr/one deaf']);
  expect(matching(board.columns(), 'two')).toHaveLength(4);
});

test('a removed scenario is removed from all results', () => {
  const board = boardOf(loaded('a'), loaded('b'));
  board.arrange(['scenarios/b.yaml']);
  expect(namesOf(board.columns())).toEqual(['b as-is', 'b deaf']);
  expect(board.results(madeUpResults([])).scenarios.map(({ name }) => name)).toEqual(['b']);
});

test('after any order of saves and runs, the results match the files', () => {
  const texts = [twoByTwo(), MOVED, DEAF_TO_81, `${twoByTwo()}  third: {}\n`].map((text) => loaded('a', text));
  const step = fc.record({ text: fc.nat(texts.length - 1), runs: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const board = new Board();
      for (const { text, runs } of steps) {
        board.set(texts[text]!);
        const due = new Set(board.due().map(({ variant }) => variant.name));
        const work = withOnly(texts[text]!, (variant) => due.has(variant));
        const ran = madeUpResults(runs && work ? [work] : []);
        board.take(ran);
        const shown = board.results(ran).scenarios.flatMap(({ variants }) => variants);
        const now = new Map(madeUpResults([texts[text]!]).scenarios[0]!.variants.map((one) => [one.name, one.plan]));
        for (const { name, plan } of shown) expect(plan).toEqual(now.get(name));
        expect(shown.length + board.due().length).toBe(now.size);
      }
    }),
    { numRuns: 50 },
  );
});
