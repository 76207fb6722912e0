import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProject } from './project.ts';
import { findScenarios, loadLab, allLabs, ownLabs, loadScenario } from './scenario-files.ts';

const shipped = join(process.cwd(), 'labs');
let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'l4lab-project-')))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const open = (below = '', root?: string) => findProject({ from: join(folder, below), root, shipped });

const LAB =
  'title: Mine\nnodes: { client: { role: client }, s1: { role: server } }\nlinks: [{ client: 192.0.2.1/24, s1: 192.0.2.2/24 }]\n';
const scenarioOn = (lab: string) =>
  `title: T\nlab: ${lab}\nservers: { listeners: [80/tcp] }\nflows: { f: { from: client, to: s1, port: 80, expect: works } }\n`;

test('the root is the nearest parent folder with scenarios beside a package.json', async () => {
  write({ 'package.json': '{}', 'scenarios/a/x.yaml': scenarioOn('mine'), 'labs/mine.yaml': LAB, 'deep/er/x.txt': '' });
  const project = await open('scenarios/a');
  expect(project).toEqual(await open('deep/er'));
  expect(project.root).toBe(folder);
  expect(findScenarios(project, ['x'])).toEqual([join(folder, 'scenarios/a/x.yaml')]);
});

test('without one, it is the folder itself, in which files can still be named', async () => {
  write({ 'x.yaml': scenarioOn('./lab.yaml'), 'lab.yaml': LAB });
  const project = await open();
  expect(project.root).toBe(folder);
  expect(loadScenario(project, join(folder, 'x.yaml')).scenario.name).toBe('x');
  expect(() => findScenarios(project, [])).toThrow(/^no scenarios in .*; `npx l4lab init` creates the first one$/);
});

test('a file named like the folder of labs is ignored', async () => {
  write({ 'l4lab.config.json': '{}', labs: '', 'scenarios/x.yaml': scenarioOn('cross-subnet') });
  const project = await open();
  expect(ownLabs(project)).toEqual([]);
  expect(loadScenario(project, join(folder, 'scenarios/x.yaml')).scenario.labName).toBe('cross-subnet');
});

test('a lab of the project takes precedence over one shipped with l4lab', async () => {
  write({ 'l4lab.config.json': '{}', 'labs/one-arm.yaml': LAB, 'scenarios/own.yaml': scenarioOn('one-arm') });
  const project = await open();
  expect(loadScenario(project, join(folder, 'scenarios/own.yaml')).scenario.lab.title).toBe('Mine');
  expect(ownLabs(project)).toEqual([join(folder, 'labs/one-arm.yaml')]);
  const all = allLabs(project).map((file) => loadLab(project, file));
  expect(all.filter(({ name }) => name === 'one-arm').map(({ lab }) => lab.title)).toEqual(['Mine']);
  expect(all.map(({ name }) => name)).toContain('in-line');
  write({ 'scenarios/shipped.yaml': scenarioOn('cross-subnet') });
  expect(loadScenario(project, join(folder, 'scenarios/shipped.yaml')).scenario.labName).toBe('cross-subnet');
});

test.each([
  [
    'l4lab.config.ts',
    "import { defineConfig } from 'l4lab';\nconst dir: string = 'flows';\nexport default defineConfig({ scenarios: dir });\n",
  ],
  ['l4lab.config.mjs', "import { defineConfig } from 'l4lab';\nexport default defineConfig({ scenarios: 'flows' });\n"],
  ['l4lab.config.json', '{ "scenarios": "flows" }\n'],
])('%s moves folders', async (name, text) => {
  write({ [name]: text, 'flows/x.yaml': scenarioOn('cross-subnet') });
  const { folders } = await open('flows');
  expect(folders.scenarios).toBe(join(folder, 'flows'));
  expect(folders.report).toBe(join(folder, 'reports/latest'));
});

test.each([
  [
    'l4lab.config.json',
    '{\n  "scenario": "flows"\n}\n',
    'l4lab.config.json:2:3: unknown field `scenario` (did you mean `scenarios`?)',
  ],
  [
    'l4lab.config.json',
    '{ "engines": ["docker-host"] }\n',
    /^l4lab\.config\.json:1:15: engines\.0: must begin with unix:\/\/, tcp:\/\/ or ssh:\/\/$/,
  ],
  ['l4lab.config.json', '{ "image": "Foo Bar" }\n', /^l4lab\.config\.json:1:3: image: must be the name of an image/],
  ['l4lab.config.mjs', 'export default { scenario: 1 };\n', /^l4lab\.config\.mjs: unknown field `scenario`/],
  ['l4lab.config.ts', 'export default {{ ;\n', /^l4lab\.config\.ts: .*/],
  ['l4lab.config.mjs', 'export const scenarios = 1;\n', /^l4lab\.config\.mjs: has no default export: write /],
  ['l4lab.config.js', 'module.exports = {};\n', /^l4lab\.config\.js is not read: name it l4lab\.config\.ts, or /],
])('a mistake in %s is reported at its position', async (name, text, message) => {
  write({ [name]: text });
  await expect(open()).rejects.toThrow(message);
});

test('a configured folder must exist, except for commands that create it', async () => {
  write({ 'l4lab.config.json': '{ "labs": "net" }', 'scenarios/x.yaml': scenarioOn('one-arm') });
  await expect(open()).rejects.toThrow(`\`labs: net\` in the configuration: ${folder}/net is not a folder`);
  expect((await findProject({ from: folder, shipped, makes: true })).folders.labs[0]).toBe(join(folder, 'net'));
});

test('two configurations, or an invalid root, are refused', async () => {
  write({ 'l4lab.config.json': '{}', 'l4lab.config.mjs': 'export default {};\n' });
  await expect(open()).rejects.toThrow(/^l4lab\.config\.mjs and l4lab\.config\.json in .*: keep one configuration$/);
  await expect(open('', 'no-such')).rejects.toThrow('--root: no-such is not a folder');
});
