import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { parse } from 'yaml';
import type { Results } from '../harness/terms/results.ts';
import { environment, install, packed, type Packed } from './testing/installed-package.ts';

/** npm packs, installs and installs again; the image may have to be made. */
const DEADLINE_MS = 600_000;

const LARGEST = 1_500_000;

let folder: string;
let project: string;
let made: Packed;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'l4lab-package-')));
  project = join(folder, 'somebody');
  mkdirSync(project);
  made = await packed(folder);
  await install(project, made);
}, DEADLINE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of shell as a CI does. @param below folder in the project */
function shell(line: string, below = ''): Promise<{ line: string; code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      'bash',
      ['-e', '-c', line],
      { cwd: join(project, below), env: environment(), maxBuffer: 1e8 },
      (error, stdout, stderr) => {
        resolve({ line, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      },
    );
  });
}

const installed = (...path: string[]): string => join(project, 'node_modules/l4lab', ...path);

test('the package contains the program and its documentation, and is small', () => {
  const wanted = [
    /^(package\.json|LICENSE|(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING)\.md)$/,
    /^dist\/[\w-]+\.(js|cjs|css|json)$/,
    /^dist\/types\/.*\.d\.ts$/,
    /^docs\/(.*\.md|(report|timeline)\.png)$/,
    /^(image\/(Dockerfile|start\.sh)|labs\/[\w-]+\.yaml|scenarios\/[\w-]+\/[\w-]+\.yaml|schema\/\w+\.schema\.json)$/,
    /^(setup\/[\w-]+\.mjs|jest\/[\w-]+\.cjs)$/,
  ];
  expect(made.files.filter((file) => !wanted.some((pattern) => pattern.test(file)))).toEqual([]);
  expect(made.files.filter((file) => /test/.test(file.replace(/^(docs|scenarios)\//, '')))).toEqual([]);
  expect(made.size).toBeLessThanOrEqual(LARGEST);
});

test('no link in the documentation leaves the package', () => {
  const links = made.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...readFileSync(installed(file), 'utf8').matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, to]) => ({
        file,
        to: to!,
      })),
    );
  expect(links.length).toBeGreaterThan(50);
  const broken = links.filter(({ file, to }) => !existsSync(installed(dirname(file), to)));
  expect(broken).toEqual([]);
});

test('npm create l4lab runs init of the same version, in a folder without l4lab', async () => {
  const versionIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const manifest = versionIn('create-l4lab/package.json');
  expect(manifest).toMatchObject({
    version: versionIn('package.json').version,
    dependencies: { l4lab: manifest.version },
  });
  // As npm would have installed it beside l4lab, in a folder of its own.
  cpSync('create-l4lab', join(project, 'node_modules/create-l4lab'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  const line = `node ${join(project, 'node_modules/create-l4lab/create.mjs')} --lab in-line --mode proxy`;
  expect(await shell(line, '../empty')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('package.json') as unknown,
  });
  expect(readdirSync(join(folder, 'empty')).sort()).toEqual(['.gitignore', 'labs', 'package.json', 'scenarios']);
});

test('publint finds nothing', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed(), pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

const CONSUMER = `import {
  bootLab,
  defineConfig,
  L4labError,
  loadProject,
  predict,
  run,
  writeReport,
  type Attempt,
  type BootedLab,
  type Choice,
  type CommandResult,
  type Config,
  type ErrorCode,
  type FlowInput,
  type FlowResult,
  type LoadedProject,
  type PredictedFlow,
  type Prediction,
  type Results,
  type RunEvent,
  type RunOptions,
  type Scenario,
  type ScenarioResult,
  type VariantResult,
} from 'l4lab';

export const config: Config = defineConfig({ scenarios: 'flows', engines: ['ssh://user@host'] });
// @ts-expect-error: a field that there is not
defineConfig({ scenario: 'flows' });

export async function judge(): Promise<(string | null)[]> {
  const project: LoadedProject = await loadProject({ from: '.' });
  const scenarios: Scenario[] = project.scenarios('one-arm-dsr');
  const choice: Choice = { flows: ['client-to-vip'] };
  const [predicted]: PredictedFlow[] = predict(scenarios[0]!, choice);
  const predictions: Prediction[] = predicted!.predictions;
  const reported: RunEvent[] = [];
  const options: RunOptions = { ...choice, signal: AbortSignal.timeout(1000), onEvent: (event) => reported.push(event) };
  const results: Results = await run(scenarios, options);
  const [scenario]: ScenarioResult[] = results.scenarios;
  const [variant]: VariantResult[] = scenario!.variants;
  const [flow]: FlowResult[] = variant!.flows;
  const [attempt]: Attempt[] = flow!.attempts;
  return [await writeReport(project, results), attempt!.outcome, predictions[0]!.outcome];
}

export async function balance(scenario: Scenario): Promise<string | ErrorCode> {
  const input: FlowInput = { from: 'client', to: 'web' };
  try {
    await using lab: BootedLab = await bootLab(scenario, { variant: 'base' });
    const { stdout }: CommandResult = await lab.exec('client', ['ip', 'address']);
    const { verdict }: FlowResult = await lab.fire(input);
    return \`\${verdict} \${stdout}\`;
  } catch (error) {
    if (error instanceof L4labError) return error.code;
    throw error;
  }
}
`;

test(
  'a strict TypeScript project can use every export, without skipLibCheck',
  async () => {
    const declared = readFileSync(installed('dist/types/api/index.d.ts'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
    const exported = [...declared.matchAll(/{([^}]*)}/g)].flatMap(
      ([, names]) => names!.match(/\b(?!type\b)\w+/g) ?? [],
    );
    expect(exported.length).toBeGreaterThan(20);
    expect(exported.filter((name) => !new RegExp(`\\b${name}\\b`).test(CONSUMER))).toEqual([]);
    writeFileSync(join(project, 'consumer.mts'), CONSUMER);
    const here = (path: string): string => join(process.cwd(), 'node_modules', path);
    const options = '--noEmit --strict --target es2022 --lib es2023,esnext.disposable --module nodenext --types node';
    const { stdout } = await shell(
      `node ${here('typescript/bin/tsc')} ${options} --skipLibCheck false --typeRoots ${here('@types')} consumer.mts`,
    );
    expect(stdout).toBe('');
  },
  DEADLINE_MS,
);

interface Workflow {
  jobs: Record<string, { strategy?: { matrix: { shard: number[] } }; steps: { run?: string }[] }>;
}

/** The lines that the workflow runs, job by job and shard by shard. */
function linesOf({ jobs }: Workflow): string[] {
  const lines = Object.values(jobs).flatMap(({ strategy, steps }) =>
    (strategy?.matrix.shard ?? [0]).flatMap((shard) =>
      steps.flatMap(({ run }) => run?.replaceAll('${{ matrix.shard }}', String(shard)) ?? []),
    ),
  );
  // On one machine, what prepares it needs to be done once.
  return [...new Set(lines)];
}

test(
  'a project made by init passes with the lines of its workflow, also from a subfolder',
  async () => {
    const begun = await shell('npx l4lab init --lab one-arm --mode dsr --ci github');
    expect(begun).toMatchObject({ code: 0 });
    for (const file of ['scenarios/one-arm-dsr.yaml', 'labs/one-arm.yaml']) {
      const [, schema = ''] =
        /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(project, file), 'utf8')) ?? [];
      expect(JSON.parse(readFileSync(join(project, dirname(file), schema), 'utf8'))).toHaveProperty('properties.title');
    }
    // The lab is somebody's own from now on.
    const lab = join(project, 'labs/one-arm.yaml');
    writeFileSync(lab, readFileSync(lab, 'utf8').replace('203.0.113.11/24', '203.0.113.31/24'));
    const lines = linesOf(parse(readFileSync(join(project, '.github/workflows/l4lab.yml'), 'utf8')) as Workflow);
    expect(lines).toEqual([
      'npm ci',
      'npx l4lab setup',
      'npx l4lab run --shard 1/2 --report shards/1',
      'npx l4lab run --shard 2/2 --report shards/2',
      'npx l4lab merge shards/* --report report',
    ]);
    for (const line of lines) expect(await shell(line)).toMatchObject({ line, code: 0 });
    const text = readFileSync(join(project, 'report/results.json'), 'utf8');
    const flows = (JSON.parse(text) as Results).scenarios.flatMap(({ name, variants }) =>
      variants.flatMap((variant) => variant.flows.map((flow) => [name, flow.name, flow.verdict])),
    );
    expect(flows).toEqual([
      ['one-arm-dsr', 'client-to-vip', 'pass'],
      ['one-arm-dsr', 's1-to-vip', 'pass'],
    ]);
    expect(text).toContain('"203.0.113.31"');
    expect(await shell('npx l4lab list', 'scenarios')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^one-arm-dsr {2}\(one-arm\)\n/) as unknown,
    });
    expect(await shell('npx l4lab validate', 'labs')).toMatchObject({
      code: 0,
      stdout: '1 scenario, 1 variant, 2 flows, 1 lab: no mistakes\n',
    });
  },
  DEADLINE_MS,
);

test(
  'its scenarios are jest tests with only the preset',
  async () => {
    writeFileSync(join(project, 'jest.config.cjs'), "module.exports = { preset: 'l4lab' };\n");
    const jest = join(process.cwd(), 'node_modules/jest/bin/jest.js');
    const { code, stdout } = await shell(`node ${jest} --json -t client-to-vip`);
    const reported = JSON.parse(stdout) as {
      testResults: { assertionResults: { fullName: string; status: string }[] }[];
    };
    expect([code, reported.testResults.flatMap(({ assertionResults }) => assertionResults)]).toEqual([
      0,
      [
        expect.objectContaining({ fullName: 'one-arm-dsr base client-to-vip', status: 'passed' }),
        expect.objectContaining({ fullName: 'one-arm-dsr base s1-to-vip', status: 'pending' }),
      ],
    ]);
    expect(readFileSync(join(project, 'reports/latest/results.json'), 'utf8')).toContain('client-to-vip');
  },
  DEADLINE_MS,
);

test(
  'programs of the project predict its scenarios',
  async () => {
    writeFileSync(
      join(project, 'predict.mjs'),
      `import { loadProject, predict } from 'l4lab';
const project = await loadProject();
for (const { flow, predictions } of project.scenarios().flatMap((scenario) => predict(scenario)))
  console.log(flow, ...predictions.map(({ servedBy }) => servedBy));
`,
    );
    expect(await shell('node predict.mjs')).toMatchObject({
      code: 0,
      stdout: 'client-to-vip s1 s2 b1\ns1-to-vip s1\n',
    });
  },
  DEADLINE_MS,
);
