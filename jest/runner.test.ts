import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findEngine } from '../harness/fabric/engine.ts';
import { OWNER_LABEL } from '../harness/fabric/labels.ts';
import { NOTHING, remnants, until } from '../harness/fabric/testing/remnants.ts';
import type { Results } from '../harness/terms/results.ts';

/** A loaded machine runs a scenario slowly. */
const DEADLINE_MS = 240_000;

const JEST = join(process.cwd(), 'node_modules/jest/bin/jest.js');

const LAB = `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.10/24, s1: 203.0.113.11/24 }]
`;
const scenario = (flows: string): string => `title: One server
lab: pair
servers: { listeners: [80/tcp] }
flows:
${flows}`;

const FILES = {
  'package.json': '{ "name": "mine", "private": true }',
  'jest.config.js': "module.exports = { preset: 'l4lab' };",
  'labs/pair.yaml': LAB,
  'scenarios/works.yaml': scenario(`
  direct: { from: client, to: s1, port: 80, expect: works }
  other: { from: client, to: s1, port: 80, expect: works }
`),
  'scenarios/fails.yaml': scenario('  direct: { from: client, to: s1, port: 81, expect: works }\n'),
  'scenarios/not-asked-for.yaml': scenario('  other: { from: client, to: s1, port: 80, expect: works }\n'),
  'scenarios/mistaken.yaml': scenario('  direct: { from: client, to: s2, port: 80, expect: works }\n'),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'l4lab-jest-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/l4lab'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

test(
  'scenarios of a project are jest tests: -t selects flows, mistakes fail their file, one report has everything',
  async () => {
    write(FILES);
    const { code, pid, stdout, stderr } = await jest('-t', 'direct', '--json');
    const results = JSON.parse(stdout) as JestResults;
    expect(code).toBe(1);
    expect(results).toMatchObject({
      numPassedTests: 1,
      numFailedTests: 1,
      numPendingTests: 2,
      numRuntimeErrorTestSuites: 1,
    });
    const file = (name: string) => results.testResults.find((one) => one.name.endsWith(`/${name}.yaml`))!;
    expect(file('works').assertionResults).toMatchObject([
      { fullName: 'works base direct', status: 'passed' },
      { fullName: 'works base other', status: 'pending' },
    ]);
    const [failed] = file('fails').assertionResults;
    expect(failed).toMatchObject({ fullName: 'fails base direct', status: 'failed' });
    expect(failed!.failureMessages.join()).toMatch(
      /Expected to work, but failed\. refused at s1.*\n[^]* request .* client .*\n[^]*\nnpx l4lab run fails --variant base --flow direct$/,
    );
    expect(file('not-asked-for')).toMatchObject({ assertionResults: [{ status: 'pending' }] });
    expect(file('mistaken').message).toMatch(/scenarios\/mistaken\.yaml:5:\d+: .*s2/);
    expect(stdout + stderr).not.toMatch(/^ *at /m);
    expect(stderr).toContain('Report: reports/latest/index.html');
    const flows = reported().scenarios.flatMap(({ name, variants }) =>
      variants.flatMap((variant) => variant.flows.map((flow) => [name, flow.name, flow.verdict])),
    );
    expect(flows.sort()).toEqual([
      ['fails', 'direct', 'fail'],
      ['works', 'direct', 'pass'],
    ]);
    expect(await leftBy(pid)).toEqual(NOTHING);
  },
  DEADLINE_MS,
);

test(
  'Ctrl-C leaves no lab, and a report of what had finished',
  async () => {
    // jest begins with the largest file.
    const quick = `${FILES['scenarios/works.yaml']}${'# comment\n'.repeat(9)}`;
    const slow = scenario('  direct: { from: client, to: s1, port: 80, repeat: 1000, expect: works }\n');
    write({ ...FILES, 'scenarios/works.yaml': quick, 'scenarios/slow.yaml': slow });
    const child = spawn('node', [JEST, '-t', 'direct'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(child, 'close') as Promise<[number | null]>;
    let output = '';
    child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
    await until('the first scenario to end', () => Promise.resolve(output.includes('PASS scenarios/works.yaml')));
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(await leftBy(child.pid!)).toEqual(NOTHING);
    const { interrupted, scenarios } = reported();
    const verdicts = scenarios.map(({ name, variants }) => [name, variants[0]!.flows[0]!.verdict]);
    expect([interrupted, verdicts[0]]).toEqual([true, ['works', 'pass']]);
  },
  DEADLINE_MS,
);

/** Runs jest in the project. */
function jest(...words: string[]): Promise<{ code: number; pid: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child: ChildProcess = execFile('node', [JEST, ...words], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, pid: child.pid!, stdout, stderr });
    });
  });
}

function reported(): Results {
  return JSON.parse(readFileSync(join(folder, 'reports/latest/results.json'), 'utf8')) as Results;
}

async function leftBy(pid: number): Promise<unknown> {
  return remnants((await findEngine()).docker, OWNER_LABEL, `${hostname()} ${pid} `);
}
