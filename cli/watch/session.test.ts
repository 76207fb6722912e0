import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, L4labError } from '../../harness/errors.ts';
import { until } from '../../harness/fabric/testing/remnants.ts';
import { plansOf, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Results, Verdict } from '../../harness/terms/results.ts';
import { madeUpResults } from '../testing/made-up-results.ts';
import { temporaryProject, twoByTwo, type TemporaryProject } from '../testing/temporary-project.ts';
import { Session } from './session.ts';
import { Sources } from './sources.ts';

let temporary: TemporaryProject;
beforeEach(async () => {
  temporary = await temporaryProject();
  for (const name of ['a', 'b']) temporary.write(`scenarios/${name}.yaml`, twoByTwo());
});
afterEach(() => temporary[Symbol.dispose]());

/** A session whose runs use no lab: what it ran, printed and reported. */
class Trial implements AsyncDisposable {
  readonly ran: string[][] = [];
  readonly output: string[] = [];
  readonly reported: Results[] = [];
  readonly #stop = new AbortController();
  readonly session: Session;
  readonly #going: Promise<void>;

  /** @param ends how a run ends; at once, and well, by default */
  constructor(public ends: (signal: AbortSignal) => Promise<Verdict> = () => Promise.resolve('pass')) {
    this.session = new Session(temporary.project, new Sources(temporary.project, []), {
      say: (text) => this.output.push(text),
      run: async (scenarios, { signal }) => {
        this.ran.push(scenarios.flatMap(variantsOf));
        const verdict = await this.ends(signal);
        const results = madeUpResults(scenarios, () => (signal.aborted ? 'not-run' : verdict));
        return signal.aborted ? { ...results, interrupted: true } : results;
      },
      report: (_, known) => {
        this.reported.push(known);
        return Promise.resolve();
      },
    });
    this.#going = this.session.go(this.#stop.signal);
  }

  /** Waits until so many runs have been reported. */
  async reports(count: number): Promise<void> {
    await until(`report ${count}`, () => Promise.resolve(this.reported.length >= count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new L4labError('interrupted', 'over'));
    await this.#going;
  }
}

const variantsOf = (loaded: LoadedScenario): string[] =>
  plansOf(loaded, { variants: [], flows: [] }).map(({ plan }) => `${plan.scenario} ${plan.variant}`);

const ALL = ['a as-is', 'a deaf', 'b as-is', 'b deaf'];
const DEAF_TO_82 = twoByTwo().replace('listeners: [81/tcp]', 'listeners: [82/tcp, 81/tcp]');

test('runs everything, and then changes; the report has everything', async () => {
  await using trial = new Trial();
  await trial.reports(1);
  temporary.write('scenarios/b.yaml', DEAF_TO_82);
  await trial.reports(2);
  temporary.write('labs/two-nodes.yaml', '# longer\ntitle: Two nodes\nnodes: { client: { role: client }, s1: { role: server } }\nlinks: [{ client: 203.0.113.10/24, s1: 203.0.113.12/24 }]\n'); // prettier-ignore
  await trial.reports(3);
  expect(trial.ran).toEqual([ALL, ['b deaf'], ALL]);
  expect(trial.reported.map(({ scenarios }) => scenarios.flatMap(({ variants }) => variants).length)).toEqual([
    4, 4, 4,
  ]);
});

test('reports mistakes with their position, and the predicted effect of a change', async () => {
  await using trial = new Trial();
  await trial.reports(1);
  temporary.write('scenarios/a.yaml', twoByTwo().replace('to: s1, port: 80', 'to: s7, port: 80'));
  await until('a mistake', () => Promise.resolve(trial.output.length === 1));
  expect(trial.output[0]).toMatch(/^scenarios\/a\.yaml:5:\d+: flows\.one\.to: unknown service or node `s7`/);
  temporary.write('scenarios/a.yaml', twoByTwo().replace('{ listeners: [81/tcp] }', '{ listeners: [80/tcp] }'));
  await trial.reports(2);
  expect(trial.output[1]!.split('\n')).toEqual([
    'scenarios/a.yaml: deaf',
    '  [deaf] one: refused → works, not as expected',
    '  [deaf] two: works → refused, not as expected',
  ]);
  temporary.write('scenarios/b.yaml', `${twoByTwo()}# a comment\n`);
  await until('a comment to be seen', () => Promise.resolve(trial.output.length === 3));
  expect(trial.output[2]).toBe('scenarios/b.yaml: nothing to run');
  expect(trial.ran).toHaveLength(2);
});

test('starts despite mistakes, and runs the rest', async () => {
  temporary.write('scenarios/a.yaml', 'title: 1\n');
  await using trial = new Trial();
  await trial.reports(1);
  expect(trial.ran).toEqual([['b as-is', 'b deaf']]);
  temporary.write('scenarios/a.yaml', twoByTwo());
  await trial.reports(2);
  expect(trial.ran[1]).toEqual(['a as-is', 'a deaf']);
});

test('a save interrupts the current run, which continues after it', async () => {
  const untilStopped = (signal: AbortSignal): Promise<Verdict> =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve('pass')));
  await using trial = new Trial(untilStopped);
  await until('the run', () => Promise.resolve(trial.ran.length === 1));
  trial.ends = () => Promise.resolve('pass');
  temporary.write('scenarios/b.yaml', DEAF_TO_82);
  await trial.reports(2);
  expect(trial.ran.slice(1)).toEqual([
    ['b as-is', 'b deaf'],
    ['a as-is', 'a deaf'],
  ]);
});

test('runs again on request: all, failed, the last ones, those with part of a name', async () => {
  await using trial = new Trial();
  await trial.reports(1);
  trial.ends = () => Promise.resolve('fail');
  temporary.write('scenarios/b.yaml', DEAF_TO_82);
  await trial.reports(2);
  trial.ends = () => Promise.resolve('pass');
  trial.session.again('failed');
  await trial.reports(3);
  trial.session.again('failed');
  trial.session.narrow('as-is');
  await trial.reports(4);
  trial.session.again('again');
  await trial.reports(5);
  trial.session.again('all');
  await trial.reports(6);
  // What does not match waits.
  temporary.write('scenarios/a.yaml', DEAF_TO_82);
  await until('the save to be seen', () => Promise.resolve(trial.output.some((text) => text.includes('a.yaml: deaf'))));
  trial.session.narrow('no such');
  trial.session.narrow('');
  await trial.reports(7);
  const asIs = ['a as-is', 'b as-is'];
  expect(trial.ran.slice(1)).toEqual([['b deaf'], ['b deaf'], asIs, asIs, asIs, ALL]);
  expect(trial.output).toEqual(expect.arrayContaining(['nothing failed', 'no name contains `no such`']));
});

test('what cannot be run is reported once, and retried when it changes', async () => {
  await using trial = new Trial();
  await trial.reports(1);
  const fault = { code: 'image-missing' as const, params: { image: 'l4lab' } };
  trial.ends = () => Promise.reject(new EnvironmentError('image-missing', fault));
  temporary.write('scenarios/b.yaml', DEAF_TO_82);
  await until('the error', () =>
    Promise.resolve(trial.output.some((text) => text.startsWith('The lab image l4lab is missing.'))),
  );
  trial.ends = () => Promise.resolve('pass');
  temporary.write('scenarios/b.yaml', `${DEAF_TO_82}  third: {}\n`);
  await trial.reports(2);
  expect(trial.ran.slice(1)).toEqual([['b deaf'], ['b third']]);
});

test('a removed scenario is removed from the report', async () => {
  await using trial = new Trial();
  await trial.reports(1);
  rmSync(join(temporary.folder, 'scenarios/a.yaml'));
  temporary.write('scenarios/c.yaml', twoByTwo());
  await trial.reports(2);
  expect(trial.reported[1]!.scenarios.map(({ name }) => name)).toEqual(['b', 'c']);
});
