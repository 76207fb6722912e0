import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** Each command is a process of its own, on a machine that may be loaded. */
const DEADLINE_MS = 120_000;

const PROGRAM = join(process.cwd(), 'setup/l4lab.mjs');
let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'l4lab-init-')))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function l4lab(below: string, ...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('node', [PROGRAM, ...words], { cwd: join(folder, below) }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const textIn = (name: string): string => readFileSync(join(folder, name), 'utf8');
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

test(
  'in an empty folder, without a terminal, it creates a valid project and prints the next steps; a second run changes nothing',
  async () => {
    const first = await l4lab('', 'init');
    expect(first.code).toBe(0);
    expect(files()).toEqual(['.gitignore', 'labs/one-arm.yaml', 'package.json', 'scenarios/one-arm-dsr.yaml']);
    expect(first.stdout).toMatch(
      /^created\n {2}scenarios\/one-arm-dsr\.yaml .*\n[^]*\nnext\n {2}npm install .*\n[^]*npx l4lab run /,
    );
    expect(await l4lab('', 'validate')).toMatchObject({
      code: 0,
      stdout: '1 scenario, 1 variant, 2 flows, 1 lab: no mistakes\n',
    });
    const before = files().map(textIn);
    const again = await l4lab('labs', 'init');
    expect(again.stdout).toMatch(/^unchanged\n {2}.*one-arm-dsr\.yaml +exists\n/);
    expect(files().map(textIn)).toEqual(before);
  },
  DEADLINE_MS,
);

test(
  'in a subfolder of a repository, the workflow is in the root and uses the subfolder',
  async () => {
    write({
      '.git/HEAD': '',
      'net/package.json': '{\n    "name": "net",\n    "devDependencies": { "l4lab": "1.0.0" }\n}\n',
      'net/.gitignore': 'dist/\n',
      'net/labs/one-arm.yaml': `title: My own
nodes: { me: { role: client }, sw: { role: l2 }, lb: { role: l4 }, www: { role: server } }
links: [{ me: 192.0.2.1/24, sw: ~ }, { lb: 192.0.2.2/24, sw: ~ }, { www: 192.0.2.9/24, sw: ~ }]
`,
    });
    const { code, stdout } = await l4lab('net', 'init', '--mode', 'proxy', '--ci', 'github');
    expect(code).toBe(0);
    expect(stdout).toMatch(/unchanged\n {2}labs\/one-arm\.yaml +exists\n/);
    expect(stdout).toMatch(
      /changed\n {2}package\.json +added lab, lab:watch, lab:validate\n {2}\.gitignore +added node_modules\/, reports\/\n/,
    );
    expect(textIn('net/scenarios/one-arm-proxy.yaml')).toContain('\n  me-to-vip:\n');
    expect(textIn('net/package.json')).toContain('\n    "name": "net",\n');
    const workflow = parse(textIn('.github/workflows/l4lab.yml')) as {
      defaults: { run: object };
      jobs: Record<string, { steps: { with?: Record<string, string> }[] }>;
    };
    expect(workflow.defaults.run).toEqual({ 'working-directory': 'net' });
    const paths = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.flatMap((step) => step.with?.['path'] ?? []),
    );
    expect(paths).toEqual(['net/shards/', 'net/shards/', 'net/report/']);
  },
  DEADLINE_MS,
);

test(
  'invalid input is refused before anything is created',
  async () => {
    const refusals = await Promise.all([
      l4lab('', 'init', '--lab', 'one-ram'),
      l4lab('', 'init', '--mode', 'dsrr'),
      l4lab('', 'init', '--ci', 'githb'),
      l4lab('', 'init', '--lab', 'cross-subnet', '--mode', 'dsr'),
    ]);
    const reported = [
      /^unknown lab `one-ram` \(did you mean `one-arm`\?\); known: /,
      /^unknown mode `dsrr` \(did you mean `dsr`\?\); known: dnat, proxy, dsr, l3dsr, ipip$/m,
      /^unknown CI `githb` \(did you mean `github`\?\); known: github, gitlab, none$/m,
      /^mode dsr cannot serve the clients of lab cross-subnet: .*\nmodes that can: proxy, l3dsr, ipip; /,
    ];
    for (const [i, refusal] of refusals.entries())
      expect(refusal).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(reported[i]!) as unknown });
    expect(files()).toEqual([]);
    write({ 'package.json': '{ "name": ' });
    expect(await l4lab('', 'init')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^package\.json: /) as unknown,
    });
    write({ 'package.json': '{}', scenarios: 'a file where the folder is to be' });
    expect(await l4lab('', 'init')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^scenarios\/one-arm-dsr\.yaml cannot be created: [^\n]*\n$/) as unknown,
    });
    expect(files()).toEqual(['package.json', 'scenarios']);
  },
  DEADLINE_MS,
);

test(
  'new creates a scenario or a copy of a lab, from any folder of the project; never overwrites a file',
  async () => {
    write({ 'package.json': '{}', 'scenarios/readme.md': '', 'deep/er/x': '' });
    const lab = await l4lab('deep/er', 'new', 'lab', 'mine', '--like', 'in-line');
    expect(lab).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^created \.\.\/\.\.\/labs\/mine\.yaml: /) as unknown,
    });
    expect(await l4lab('deep', 'new', 'scenario', 'web/first', '--lab', 'mine', '--mode', 'dnat')).toMatchObject({
      code: 0,
    });
    expect(await l4lab('', 'new', 'scenario', 'web/second', '--lab', 'cross-subnet')).toMatchObject({ code: 0 });
    expect(textIn('scenarios/web/first.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/node_modules\/l4lab\/schema\/scenario\.schema\.json\n/,
    );
    expect(textIn('labs/mine.yaml')).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/node_modules\/l4lab\/schema\/lab\.schema\.json\n/,
    );
    expect((await l4lab('', 'validate')).stdout).toBe('2 scenarios, 2 variants, 4 flows, 1 lab: no mistakes\n');
    const refusals = await Promise.all([
      l4lab('', 'new', 'lab', 'mine'),
      l4lab('', 'new', 'scenario', 'scenarios/web/first.yaml'),
      l4lab('', 'new', 'scenario', '../out'),
      l4lab('', 'new', 'lab', 'a/b'),
      l4lab('', 'new', 'scenari', 'x'),
    ]);
    const reported = [
      'labs/mine.yaml exists; it is not overwritten\n',
      'scenarios/web/first.yaml exists; it is not overwritten\n',
      '`../out` cannot name a scenario: ',
      '`a/b` cannot name a lab: ',
      'Did you mean scenario?',
    ];
    for (const [i, refusal] of refusals.entries())
      expect(refusal).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(reported[i]!) as unknown });
    expect(textIn('labs/mine.yaml')).toContain('title: In-line\n');
  },
  DEADLINE_MS,
);
