import { temporaryProject, twoByTwo, type TemporaryProject } from '../testing/temporary-project.ts';
import { loadScenario } from '../../harness/project/scenario-files.ts';
import { madeUpResults } from '../testing/made-up-results.ts';
import { Board } from './board.ts';
import { predictedChanges } from './predicted-change.ts';

let temporary: TemporaryProject;
beforeEach(async () => (temporary = await temporaryProject()));
afterEach(() => temporary[Symbol.dispose]());

/** Output for a change from one text to another. */
function output(before: string, after: string, now: () => number = () => 0): string[] {
  const board = new Board();
  for (const [index, text] of [before, after].entries()) {
    temporary.write('scenarios/a.yaml', text);
    const loaded = loadScenario(temporary.project, `${temporary.folder}/scenarios/a.yaml`);
    board.set(loaded);
    if (index === 0) board.take(madeUpResults([loaded]));
  }
  return predictedChanges(board.due(), now);
}

test('flows with a changed prediction are reported, and whether it is expected', () => {
  const deafTo81 = twoByTwo().replace('listeners: [81/tcp]', 'listeners: [80/tcp]');
  expect(output(twoByTwo(), deafTo81)).toEqual([
    '[deaf] one: refused → works, not as expected',
    '[deaf] two: works → refused, not as expected',
  ]);
  expect(output(deafTo81, twoByTwo())).toEqual(['[deaf] one: works → refused', '[deaf] two: refused → works']);
});

test('a new flow is reported, one with the same outcome is not', () => {
  const more = twoByTwo().replace('variants:', '  three: { from: client, to: s1, port: 82, expect: works }\nvariants:');
  expect(output(twoByTwo(), more)).toEqual(
    ['as-is', 'deaf'].map((variant) => `[${variant}] three: refused, not as expected`),
  );
});

test('of many variants only as many are predicted as time permits, at least one', () => {
  const more = twoByTwo().replace('variants:', '  three: { from: client, to: s1, port: 82, expect: works }\nvariants:');
  let now = 0;
  expect(output(twoByTwo(), more, () => (now += 1000))).toEqual([
    '[as-is] three: refused, not as expected',
    'and 1 more variant, not predicted',
  ]);
});
