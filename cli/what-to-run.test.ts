import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProject, type Project } from '../harness/project/project.ts';
import { plansOf, type LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import type { Verdict } from '../harness/terms/results.ts';
import { whatToRun, type RunChoice } from './what-to-run.ts';

const LAB = `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.10/24, s1: 203.0.113.11/24 }]
`;
const scenarioOn = (lab: string): string => `title: One server
lab: ${lab}
servers: { listeners: [80/tcp, 81/tcp] }
flows:
  one: { from: client, to: s1, port: 80, expect: works }
  two: { from: client, to: s1, port: 81, expect: works }
variants: { as-is: {}, routed: { change: { servers: { gateway: none } } } }
`;

let folder: string;
let project: Project;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'l4lab-what-'));
  write('package.json', '{}');
  for (const lab of ['first', 'second']) write(`labs/${lab}.yaml`, LAB);
  for (const [name, lab] of [
    ['a', 'first'],
    ['b', 'second'],
    ['c', 'first'],
  ] as const)
    // prettier-ignore
    write(`scenarios/${name}.yaml`, scenarioOn(lab));
  project = await findProject({ from: folder, shipped: join(folder, 'shipped') });
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const EVERYTHING = { variants: [], flows: [] };

/** `a [as-is] one` of what would be run; why there is nothing where that is so. */
async function chosen(choice: Partial<RunChoice>, ...words: string[]): Promise<string[] | string> {
  const { scenarios, nothing } = await whatToRun(project, words, {
    selection: EVERYTHING,
    failedIn: null,
    changedSince: null,
    ...choice,
  });
  return scenarios.length === 0 ? nothing : scenarios.flatMap(flowsOf);
}

function flowsOf(loaded: LoadedScenario): string[] {
  return plansOf(loaded, EVERYTHING).flatMap(({ plan }) =>
    plan.flows.map(({ name }) => `${plan.scenario} [${plan.variant}] ${name}`),
  );
}

describe('--failed', () => {
  /** Writes results in which everything passed but what is given. */
  function ran(others: Record<string, Verdict>, file = 'last/results.json'): string {
    const scenarios = ['a', 'b'].map((name) => ({
      name,
      file: `scenarios/${name}.yaml`,
      variants: ['as-is', 'routed'].map((variant) => ({
        name: variant,
        flows: ['one', 'two'].map((flow) => ({
          name: flow,
          verdict: others[`${name} [${variant}] ${flow}`] ?? 'pass',
        })),
      })),
    }));
    write(file, JSON.stringify({ version: 4, scenarios }));
    return join(folder, 'last');
  }

  test('takes exactly the flows that failed or were not run, in their variants', async () => {
    const failedIn = ran({ 'a [routed] one': 'fail', 'b [as-is] two': 'not-run' });
    expect(await chosen({ failedIn })).toEqual(['a [routed] one', 'b [as-is] two']);
    expect(await chosen({ failedIn }, 'b')).toEqual(['b [as-is] two']);
    expect(await chosen({ failedIn }, 'c')).toBe('nothing failed last time');
  });

  test('has nothing to do if all passed', async () => {
    expect(await chosen({ failedIn: ran({}) })).toBe('nothing failed last time');
  });

  test('continues without removed scenarios, and reads none that passed', async () => {
    const failedIn = ran({ 'a [routed] one': 'fail', 'b [as-is] two': 'fail' });
    rmSync(join(folder, 'scenarios/a.yaml'));
    write('scenarios/c.yaml', 'no: scenario');
    expect(await chosen({ failedIn })).toEqual(['b [as-is] two']);
  });

  test.each([
    ['there are none', null, /last: it cannot be read|last\/?.*cannot be read/],
    ['they are broken', '{"version":2,', /results\.json: it is not JSON/],
    ['they are of another version', '{"version":9,"scenarios":[]}', /it has version 9/],
  ])('refuses earlier results if %s', async (_, text, reported) => {
    if (text !== null) write('last/results.json', text);
    await expect(chosen({ failedIn: join(folder, 'last') })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(reported) as unknown,
    });
  });
});

describe('--changed', () => {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
  const commitAll = (): void => {
    git('add', '-A');
    git('commit', '-qm', 'as it is');
  };

  beforeEach(() => {
    git('init', '-q');
    commitAll();
  });

  test('takes scenarios whose own file changed, or that of their lab, and those that git does not know', async () => {
    const since = { changedSince: 'HEAD' };
    expect(await chosen(since)).toBe('no scenario and no lab changed since HEAD');
    const all = (...names: string[]): string[] =>
      names.flatMap((name) =>
        ['as-is', 'routed'].flatMap((variant) => ['one', 'two'].map((flow) => `${name} [${variant}] ${flow}`)),
      );
    write('scenarios/b.yaml', scenarioOn('second').replace('One server', 'A server'));
    expect(await chosen(since)).toEqual(all('b'));
    write('labs/first.yaml', LAB.replace('Two', '2'));
    expect(await chosen(since)).toEqual(all('a', 'b', 'c'));
    expect(await chosen(since, 'a', 'b')).toEqual(all('a', 'b'));
    commitAll();
    expect(await chosen(since)).toBe('no scenario and no lab changed since HEAD');
    expect(await chosen({ changedSince: 'HEAD~1' })).toEqual(all('a', 'b', 'c'));
    write('scenarios/new ünnamed.yaml', scenarioOn('second'));
    expect(await chosen(since)).toEqual(all('new ünnamed'));
  });

  test('works with symbolic links, and in a part of a repository', async () => {
    const sub = join(folder, 'sub/project');
    mkdirSync(sub, { recursive: true });
    for (const name of ['labs', 'scenarios', 'package.json']) git('mv', name, `sub/project/${name}`);
    commitAll();
    symlinkSync(sub, join(folder, 'link'));
    project = await findProject({ from: join(folder, 'link'), shipped: join(folder, 'shipped') });
    write('sub/project/scenarios/c.yaml', `${scenarioOn('first')}# changed\n`);
    expect((await chosen({ changedSince: 'HEAD' }, 'c')).slice(0, 1)).toEqual(['c [as-is] one']);
    expect(await chosen({ changedSince: 'HEAD' }, 'a')).toBe('no scenario and no lab changed since HEAD');
  });

  test.each(['no-such-branch', '--output=/tmp/x', ''])('refuses %j, which is no revision', async (revision) => {
    await expect(chosen({ changedSince: revision })).rejects.toMatchObject({
      code: 'invalid-input',
      message: `--changed: unknown git revision \`${revision}\``,
    });
  });

  test('refuses to work outside of a repository', async () => {
    rmSync(join(folder, '.git'), { recursive: true });
    await expect(chosen({ changedSince: 'HEAD' })).rejects.toMatchObject({
      code: 'invalid-input',
      message: `--changed: ${folder} is not in a readable git repository`,
    });
  });
});
