/**
 * Boots Debian's kernels in virtual machines, and runs in each the load balancer's tests in namespaces and labs on
 * Docker: `npm run check:kernels -- [--kernel SUITE]… [--step TEXT] [--quick] [--tests] [--fresh] [--enter]
 * [SCENARIO]…`.
 *
 * Needs Debian and root to make the disk of the machines. Prints what passed for each kernel; see CONTRIBUTING.md.
 */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labImage, PACKAGE } from '../api/package.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { textTable } from '../reports/content/text-table.ts';
import { isTooOld } from '../lb/host/oldest-kernel.ts';
import { ensureDisk, SUITES, type Disk, type Kernel } from './kernels/disk.ts';
import { makeFilesDisk } from './kernels/machine-files.ts';
import { Machine } from './kernels/machine.ts';
import { ensurePrograms } from './kernels/programs.ts';
import { perform, REFUSAL, stepsOf, type Outcome, type Step } from './kernels/steps.ts';

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'l4lab/kernels');

/** Mounts the files for the machine: the project, and the results of a setup here, unless --fresh. */
const UNPACK = 'mount -o ro /dev/vdb /files';
/** The image's start-up snapshots are from another CPU, and without them programs start at half the speed. */
const LOAD_IMAGE = `if [ -f /files/image.tar ]; then
  docker load </files/image.tar
  printf 'FROM %s\nRUN /opt/l4lab/start.sh --snapshot agent lb\n' ${labImage()} | docker build -t ${labImage()} -
fi`;
const CLONE = 'git clone -q /files/l4lab.bundle l4lab';
/** In the place where npm would put them: bundles and the image's name depend on it. */
const packagesInto = (clone: string) =>
  `if [ -d /files/node_modules ]; then mkdir ${clone}/node_modules && mount --bind /files/node_modules ${clone}/node_modules; fi`;

interface Options {
  suites: string[];
  steps: Step[];
  fresh: boolean;
  enter: boolean;
  signal: AbortSignal;
}

async function main(signal: AbortSignal): Promise<number> {
  const options = readOptions(signal);
  await ensurePrograms();
  const logs = join(CACHE, 'logs');
  mkdirSync(logs, { recursive: true });
  const disk = await ensureDisk({
    cache: CACHE,
    populate: join(PACKAGE, 'checks/kernels/populate.sh'),
    fresh: options.fresh,
    print,
    signal,
  });
  const files = await makeFilesDisk({ root: PACKAGE, image: options.fresh ? undefined : labImage() }, CACHE);
  const rows: Row[] = [];
  for (const suite of options.suites) {
    const kernel = disk.kernels.find((one) => one.suite === suite);
    if (kernel === undefined) {
      const outcome = { passed: 0, failed: 0, notRun: 1, trouble: [] };
      rows.push({ kernel: suite, what: 'nothing: the archive does not serve it', outcome, seconds: 0 });
      continue;
    }
    rows.push(...(await tryKernel({ disk, kernel, files, logs }, options)));
  }
  if (options.enter) return EXIT.ok;
  console.log(tableOf(rows));
  return rows.length > 0 && rows.every(({ outcome }) => outcome.failed === 0 && outcome.notRun === 0)
    ? EXIT.ok
    : EXIT.failed;
}

function readOptions(signal: AbortSignal): Options {
  const { values, positionals: scenarios } = parseArgs({
    allowPositionals: true,
    options: {
      kernel: { type: 'string', multiple: true, default: [] },
      step: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      tests: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      enter: { type: 'boolean', default: false },
    },
  });
  const unknown = values.kernel.find((name) => !SUITES.includes(name));
  if (unknown !== undefined) {
    throw new L4labError('invalid-input', `--kernel must be one of ${SUITES.join(', ')}, not "${unknown}"`);
  }
  const all = stepsOf({ ...values, scenarios });
  const steps = all.filter(({ name }) => name.includes(values.step));
  if (steps.length === 0) {
    const names = all.map(({ name }) => `"${name}"`).join(', ');
    throw new L4labError('invalid-input', `--step must be part of one of these names: ${names}`);
  }
  const suites = values.kernel.length > 0 ? values.kernel : SUITES;
  return { suites, steps, fresh: values.fresh, enter: values.enter, signal };
}

/** One step on one kernel. */
interface Row {
  kernel: string;
  what: string;
  outcome: Outcome;
  seconds: number;
}

function tableOf(rows: Row[]): string {
  const cells = rows.map(({ kernel, what, outcome: { passed, failed, notRun }, seconds }) => [
    ...[kernel, what],
    ...[passed, failed, notRun].map(String),
    `${seconds.toFixed(0)} s`,
  ]);
  return textTable([['kernel', 'what ran', 'passed', 'failed', 'not run', 'took'], ...cells]);
}

interface Trial {
  disk: Disk;
  kernel: Kernel;
  files: string;
  /** Folder for logs. */
  logs: string;
}

async function tryKernel({ disk, kernel, files, logs }: Trial, options: Options): Promise<Row[]> {
  const { enter, signal } = options;
  const steps = isTooOld(kernel.release) ? [REFUSAL] : options.steps;
  const log = (name: string) => join(logs, `${kernel.suite}-${name.replaceAll(/\W+/g, '-')}.txt`);
  print(`${kernel.suite}: booting ${kernel.release}`);
  const machine = await Machine.boot({ disk, kernel, files, console: log('console'), signal });
  try {
    print(`${kernel.suite}: up (${machine.accelerator})`);
    await must(machine, UNPACK, { user: 'root', log: log('unpack') });
    if (enter || steps.some(({ docker }) => docker))
      await must(machine, LOAD_IMAGE, { user: 'root', log: log('image') });
    if (enter) {
      console.log(`ssh ${machine.entry('root').join(' ')}\nCtrl-C ends the machine.`);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return [];
    }
    for (const user of new Set(steps.map((step) => step.user))) {
      await must(machine, CLONE, { user, log: log(`clone-${user}`) });
      await must(machine, packagesInto(`~${user}/l4lab`), { user: 'root', log: log(`packages-${user}`) });
    }
    const rows: Row[] = [];
    for (const step of steps) {
      const begun = performance.now();
      const outcome = await perform(machine, step, log(step.name));
      const { passed, failed, notRun, trouble } = outcome;
      rows.push({ kernel: kernel.release, what: step.name, outcome, seconds: (performance.now() - begun) / 1000 });
      print(`${kernel.suite}: ${step.name}: ${passed} passed, ${failed} failed, ${notRun} not run (${log(step.name)})`);
      for (const line of trouble) print(`  ${line}`);
    }
    return rows;
  } finally {
    await machine.off();
  }
}

/** @throws L4labError if the machine cannot be prepared */
async function must(machine: Machine, command: string, who: { user: string; log: string }): Promise<void> {
  const { exitCode } = await machine.run(command, who);
  if (exitCode !== 0)
    throw new L4labError('machine-failed', `${command}\nended with ${exitCode ?? 'a signal'}: see ${who.log}`);
}

function print(line: string): void {
  console.error(line);
}

await untilInterrupted(main);
