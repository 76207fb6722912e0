import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

/** Three labs boot, one after the other. */
const DEADLINE_MS = 240_000;

const FILES = {
  'package.json': '{ "type": "module" }',
  'labs/pair.yaml': `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.10/24, s1: 203.0.113.11/24 }]
`,
  'scenarios/first.yaml': `title: One server
lab: pair
servers: { listeners: [80/tcp] }
flows: { direct: { from: client, to: s1, port: 80, expect: works } }
`,
};

/** The programs that docs/api.md shows, by the heading above each. */
function examples(): Map<string, string> {
  const text = readFileSync('docs/api.md', 'utf8');
  const sections = text.split(/^## /m).slice(1);
  return new Map(sections.map((section) => [section.split('\n')[0]!, /```ts\n([^]*?)```/.exec(section)![1]!] as const));
}

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'l4lab-api-')));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/l4lab'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs an example of the docs as a program in a project. */
async function output(heading: string): Promise<string> {
  const { code } = await transform(examples().get(heading)!, { loader: 'ts', target: 'node20' });
  const file = join(folder, `${heading.replaceAll(/\W+/g, '-')}.mjs`);
  writeFileSync(file, code);
  return (await promisify(execFile)('node', [file], { cwd: folder })).stdout;
}

test(
  'the examples in the docs predict, run, report, and boot a lab for tests',
  async () => {
    expect([...examples().keys()]).toEqual(['Predict', 'Run and report', 'A lab for your own tests']);
    expect(await output('Predict')).toBe('base direct works \n');
    expect(await output('Run and report')).toBe(`direct pass\n${folder}/reports/latest\n`);
    expect(existsSync(join(folder, 'reports/latest/index.html'))).toBe(true);
    expect(await output('A lab for your own tests')).toMatch(/203\.0\.113\.11\/24[^]*\npass pass refused\n$/);
  },
  DEADLINE_MS,
);
