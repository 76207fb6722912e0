import { spawn } from 'node:child_process';
import { existsSync, openSync, closeSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { PACKAGE } from '../api/package.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { textTable } from '../reports/content/text-table.ts';

/** The oldest supported Node, and the newest of each maintained line. */
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];

/** Tests for each version: those without Docker, including the load balancer's, and one scenario. */
const UNIT_TESTS = [
  'bench/',
  'harness/(agent|judge|model|observe|project|scenario|terms|coalesce)',
  'lb/',
  'lint/',
  'reports/',
  'setup/',
];
const SCENARIO = 'proxy-and-dsr/dsr';

/** Cache of fetched programs. */
const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'l4lab/node');

/** Runs unit tests and a scenario on every Node: `npm run check:node [-- --only 24]`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true, default: [] } } });
  const chosen = VERSIONS.filter(
    (version) => values.only.length === 0 || values.only.some((one) => `${version}.`.startsWith(`${one}.`)),
  );
  if (chosen.length === 0) {
    throw new L4labError('invalid-input', `--only must be one of ${VERSIONS.join(', ')}, or the beginning of one`);
  }
  const outcomes: Outcome[] = [];
  for (const version of chosen) outcomes.push(await tryOn(version, signal));
  const cells = outcomes.map(({ version, tests, scenario, seconds }) => [
    version,
    `${tests.passed} passed, ${tests.failed} failed`,
    scenario.summary,
    `${seconds.toFixed(0)} s`,
  ]);
  console.log(textTable([['Node', 'unit tests', SCENARIO, 'took'], ...cells]));
  const failed = outcomes.filter(({ tests, scenario }) => !tests.ok || !scenario.ok);
  for (const { log } of failed) console.log(`Its output: ${log}`);
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

interface Outcome {
  version: string;
  tests: { ok: boolean; passed: number; failed: number };
  scenario: { ok: boolean; summary: string };
  seconds: number;
  /** File for all output. */
  log: string;
}

async function tryOn(version: string, signal: AbortSignal): Promise<Outcome> {
  const node = await programOf(version, signal);
  const began = performance.now();
  const log = join(CACHE, `${version}.log`);
  rmSync(log, { force: true });
  console.error(`Node ${version}: unit tests (${log})`);
  const results = join(CACHE, `${version}.json`);
  rmSync(results, { force: true });
  const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const args = ['--selectProjects', 'unit', '--json', '--outputFile', results, ...UNIT_TESTS];
  const tests = await run(node, [...jest, ...args], { log, signal });
  const { passed, failed } = existsSync(results) ? counts(readFileSync(results, 'utf8')) : { passed: 0, failed: 1 };
  console.error(`Node ${version}: ${passed} passed, ${failed} failed; ${SCENARIO}`);
  const report = join(CACHE, `${version}-report`);
  const scenario = await run(node, ['setup/l4lab.mjs', 'run', SCENARIO, '--report', report], { log, signal });
  return {
    version,
    // A run without tests proves nothing.
    tests: { ok: tests === 0 && passed > 0 && failed === 0, passed, failed },
    scenario: { ok: scenario === 0, summary: scenario === 0 ? 'passed' : `exit ${scenario}` },
    seconds: (performance.now() - began) / 1000,
    log,
  };
}

/** Of jest's --json; a test file that could not start counts as one failure. */
function counts(json: string): { passed: number; failed: number } {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(json) as Record<string, number>;
  return { passed: numPassedTests ?? 0, failed: (numFailedTests ?? 0) + (numRuntimeErrorTestSuites ?? 0) };
}

/** The program of a version, from the npm package `node`. */
async function programOf(version: string, signal: AbortSignal): Promise<string> {
  const folder = join(CACHE, version);
  const program = join(folder, 'node_modules/node/bin/node');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  console.error(`Node ${version}: fetching it into ${folder}`);
  const log = join(folder, 'install.log');
  const code = await run('npm', ['install', '--no-save', '--prefix', folder, `node@${version}`], { log, signal });
  if (code === 0 && existsSync(program)) return program;
  throw new L4labError('engine-unavailable', `npm could not fetch node@${version}:\n${readFileSync(log, 'utf8')}`);
}

/** Runs a program with this Node first in PATH. @returns its exit code */
function run(program: string, args: string[], { log, signal }: { log: string; signal: AbortSignal }): Promise<number> {
  const output = openSync(log, 'a');
  const path = program === 'npm' ? process.env['PATH'] : `${dirname(program)}${delimiter}${process.env['PATH']}`;
  const child = spawn(program, args, {
    cwd: PACKAGE,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const stop = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', stop);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(new Error('interrupted'));
      else resolve(code ?? EXIT.failed);
    });
  });
}

await untilInterrupted(main);
