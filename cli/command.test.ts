import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEngine, type Engine } from '../harness/fabric/engine.ts';
import { prepareHostNetwork } from '../harness/fabric/host-network.ts';
import { OWNER_LABEL } from '../harness/fabric/labels.ts';
import { builtImage } from '../harness/fabric/testing/built-image.ts';
import { NOTHING, remnants, until } from '../harness/fabric/testing/remnants.ts';
import type { Results } from '../harness/terms/results.ts';

/** A loaded machine runs a scenario slowly. */
const DEADLINE_MS = 240_000;

const LAB = `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: CLIENT/24, s1: 203.0.113.11/24 }]
`;
const SCENARIO = `title: One server
lab: ./lab.yaml
servers: { listeners: [80/tcp] }
flows:
  direct: { from: client, to: s1, port: 80, expect: works }
`;

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await findEngine();
  folder = mkdtempSync(join(tmpdir(), 'l4lab-command-'));
}, DEADLINE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function scenario(text = SCENARIO, client = '203.0.113.10'): string {
  writeFileSync(join(folder, 'lab.yaml'), LAB.replace('CLIENT', client));
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  return file;
}

const l4lab = (...words: string[]) => l4labIn({}, ...words);

/** Runs the command with more in its environment. */
function l4labIn(
  env: Record<string, string>,
  ...words: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('node', ['setup/l4lab.mjs', ...words], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const resultsIn = (report: string) => JSON.parse(readFileSync(join(report, 'results.json'), 'utf8')) as Results;

const run = (file: string) => l4lab('run', file, '--report', join(folder, 'report'));

test(
  '0 when all passed, and the report is there',
  async () => {
    const { code, stdout } = await run(scenario());
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 of 1 passed')]);
    expect(resultsIn(join(folder, 'report')).version).toBe(4);
    expect(readFileSync(join(folder, 'report/index.html'), 'utf8')).toContain('<!doctype html>');
    const again = await l4lab('run', '--failed', '--report', join(folder, 'report'));
    expect(again).toEqual({ code: 0, stdout: 'nothing failed last time\n', stderr: '' });
  },
  DEADLINE_MS,
);

test(
  '1 when a flow failed, with its cause and fixes',
  async () => {
    const { code, stdout } = await run(scenario(SCENARIO.replace('[80/tcp]', '[]')));
    expect([code, stdout]).toEqual([1, expect.stringContaining('refused at s1')]);
    const { scenarios } = resultsIn(join(folder, 'report'));
    expect(scenarios[0]!.variants[0]!.flows[0]!.counterfactuals).toMatchObject([
      { fixes: [{ code: 'listen', params: { nodes: ['s1'], port: 80, protocol: 'tcp' } }] },
    ]);
  },
  DEADLINE_MS,
);

test(
  'a run whose reader has ended (`| head`) finishes, and writes its report',
  async () => {
    const report = join(folder, 'unread');
    const file = scenario(SCENARIO.replace('[80/tcp]', '[]'));
    const child = spawn('node', ['setup/l4lab.mjs', 'run', file, '--report', report], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'exit')).toEqual([1, null]);
    expect(resultsIn(report).scenarios[0]!.variants[0]!.flows[0]!.verdict).toBe('fail');
  },
  DEADLINE_MS,
);

test(
  'in a GitHub job a failure is annotated at its YAML line and in the summary; with --json stdout has only results.json',
  async () => {
    const file = scenario(SCENARIO.replace('[80/tcp]', '[]'));
    const summary = join(folder, 'summary');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
    const { stdout, stderr } = await l4labIn(env, 'run', file, '--json', '--report', join(folder, 'report'));
    expect(JSON.parse(stdout)).toMatchObject({ version: 4 });
    expect(stderr).toMatch(/^::error file=[^,]+scenario\.yaml,line=5,col=3,title=.*refused::client → s1/m);
    expect(readFileSync(summary, 'utf8')).toContain('refused');
  },
  DEADLINE_MS,
);

test(
  '2 for a mistake in the YAML or on the command line, without a stack',
  async () => {
    const file = scenario(SCENARIO.replace('to: s1', 'to: s7'));
    const [mistaken, unknown, unwritable] = await Promise.all([
      run(file),
      l4lab('run', '--no-such-option'),
      l4lab('compose', 'proxy-and-dsr/dsr', '--output', join(folder, 'no-such/lab.yml')),
    ]);
    expect(mistaken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`scenario.yaml:5:27: flows.direct.to: unknown service or node \`s7\``) as unknown,
    });
    expect(mistaken.stderr).not.toMatch(/^\s+at /m);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('--no-such-option') as unknown });
    expect(unwritable).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^--output: .*no-such[^\n]*\n$/) as unknown,
    });
  },
  DEADLINE_MS,
);

test(
  'an unknown or ambiguous name is refused with suggestions',
  async () => {
    const refusals = await Promise.all([
      l4lab('run', 'proxy-and-dsr/dsr', '--variant', 'vip-on-loopback,no-vip-on-s3'),
      l4lab('predict', 'proxy-and-dsr/dsr', '--flow', 'clent-to-vip'),
      l4lab('matrix', 'proxy-and-dsr/dsr', '--flow', 'clent-to-vip'),
      l4lab('causes', 'own-address-as-sorce'),
      l4lab('explain', 'proxy-and-dsr', 'client-to-vip'),
      l4lab('down', 'proxy-and-dsr'),
      l4lab('explain', 'proxy-and-dsr/dsr'),
      l4lab('run', 'labs/cross-subnet.yaml'),
      l4lab('matrix', 'one-ram'),
      l4lab('watch', 'proxy-and-drs'),
      l4lab('run', '--changed=no-such-revision'),
    ]);
    const reported = [
      /^unknown variant `no-vip-on-s3` \(did you mean `no-vip-on-s2`\?\); known: vip-on-loopback, /m,
      /^unknown flow `clent-to-vip` \(did you mean `client-to-vip`\?\); known: client-to-vip, /m,
      /^unknown flow `clent-to-vip` \(did you mean `client-to-vip`\?\); known: client-to-vip, /m,
      /^unknown cause `own-address-as-sorce` \(did you mean `own-address-as-source`\?\); known: /m,
      /^`client-to-vip` is in \d+ scenarios; name one of proxy-and-dsr\/dsr, /m,
      /^`proxy-and-dsr` names \d+ scenarios; name one of proxy-and-dsr\//m,
      /^name a flow; flows are client-to-vip, server-to-own-vip, other-server-to-vip$/m,
      /^`labs\/cross-subnet.yaml` is a lab; scenarios on it are /m,
      /^unknown scenario `one-ram` \(did you mean `one-arm`\?\)/m,
      /^unknown scenario `proxy-and-drs`/m,
      /^--changed: .*(unknown git revision `no-such-revision`|not in a readable git repository)/m,
    ];
    for (const [index, refusal] of refusals.entries())
      expect(refusal).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(reported[index]!) as unknown });
  },
  DEADLINE_MS,
);

test(
  'mutate lists breakages that no flow detects',
  async () => {
    const { code, stdout } = await l4lab('mutate', 'proxy-and-dsr/dsr', '--variant', 'vip-on-loopback');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^proxy-and-dsr\/dsr \[vip-on-loopback]: \d+ of \d+ breakages detected; not detected:$/m);
    expect(stdout).toContain('l4 has no default gateway: { nodes: { l4: { gateway: none } } }');
    expect(stdout).not.toContain('s1 holds no VIP on its loopback');
  },
  DEADLINE_MS,
);

test(
  'a flow of only one scenario needs no scenario name, and a single cause can be looked up',
  async () => {
    const [explained, cause, valid] = await Promise.all([
      l4lab('explain', 'proxy-and-dsr', 'server-to-own-vip', '--variant', 'no-vip-on-s2'),
      l4lab('causes', 'refused'),
      l4lab('validate', scenario()),
    ]);
    expect(explained).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^proxy-and-dsr\/dsr \[no-vip-on-s2]/) as unknown,
    });
    expect(cause).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^refused\n[^]+Usual fix: [^\n]+\n\n$/) as unknown,
    });
    expect(valid.stdout).toBe('1 scenario, 1 variant, 1 flow: no mistakes\n');
  },
  DEADLINE_MS,
);

test(
  'explain shows what a profile sets, and which other profile of the product would help',
  async () => {
    const { stdout } = await l4lab('explain', 'profiles/clouds', 'caller-is-picked', '--variant', 'aws-nlb');
    expect(stdout).toMatch(
      /^like aws-nlb, a model of its documented behaviour \(docs\/profiles\.md\); defaults:\s+service \{\s+mode: dnat,/m,
    );
    expect(stdout).toContain('Possible fix: first: use `like: aws-nlb-no-client-ip`\n');
  },
  DEADLINE_MS,
);

test(
  'names, prefixes, files and folders are accepted, and no line is wider than 80 columns',
  async () => {
    const broken = join(folder, 'broken/broken.yaml');
    mkdirSync(join(folder, 'broken'), { recursive: true });
    writeFileSync(broken, 'title: &t [*t]\n');
    const [table, narrow, byWord, byOption, findings, named, valid, listed] = await Promise.all([
      l4lab('matrix', 'labs/one-arm.yaml'),
      l4lab('matrix', 'one-arm'),
      l4lab('predict', 'proxy-and-dsr/ds', 'client-to-vip', '--variant', 'vip-on-loopback'),
      l4lab('explain', 'scenarios/proxy-and-dsr/dsr.yaml', '--flow', 'client-to-vip'),
      l4lab('causes'),
      l4lab('causes', 'reply-not', 'l4-bypassed'),
      l4lab('validate', 'labs', scenario()),
      l4lab('list', 'proxy-and-dsr/', broken),
    ]);
    expect(table).toEqual(narrow);
    expect(table.stdout).toContain('works (answered-by-itself)\n');
    expect(table.stdout).toContain('\n  answered-by-itself: The caller');
    for (const { stdout } of [byWord, byOption]) {
      expect(stdout).toMatch(/^proxy-and-dsr\/dsr \[vip-on-loopback] client-to-vip: works\n/);
      expect(stdout.match(/^.*L4 picks.*$/gm)).toEqual(['L4 picks s1; with s2 it is the same']);
    }
    expect(named.stdout).toMatch(/^reply-not-from-vip\n[^]+\nl4-bypassed\n/);
    expect(valid).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 scenario, .*, \d+ labs: no mistakes/) as unknown,
    });
    expect(listed).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^proxy-and-dsr\/dsr {2}\(/m) as unknown,
      stderr: expect.stringMatching(/broken.yaml:1:12: not valid YAML: `\*t` refers to itself/) as unknown,
    });
    const lines = [table, byWord, byOption, findings, named, listed].flatMap(({ stdout }) => stdout.split('\n'));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  },
  DEADLINE_MS,
);

test(
  '3 when the environment cannot carry the lab: never passed',
  async () => {
    const address = [...(await prepareHostNetwork(engine.docker, builtImage(), [])).addresses.keys()].find(
      (key) => !key.includes(':'),
    )!;
    const { code, stdout } = await run(scenario(SCENARIO, address));
    expect([code, stdout]).toEqual([3, expect.stringContaining(`${address} of client`)]);
    expect(stdout).toContain('0 of 1 passed');
  },
  DEADLINE_MS,
);

test(
  'shards are merged when complete, also with an empty one',
  async () => {
    const file = scenario();
    const shard = (k: number) => l4lab('run', file, '--shard', `${k}/2`, '--report', join(folder, `shards/${k}`));
    expect(await shard(1)).toMatchObject({ code: 0 });
    expect(await shard(2)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('shard 2/2 is empty: 1 scenario') as unknown,
    });
    const merge = (...parts: string[]) =>
      l4lab('merge', ...parts.map((part) => join(folder, 'shards', part)), '--report', join(folder, 'merged'));
    expect(await merge('1')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('missing: shard 2/2.') as unknown,
    });
    expect(await merge('2', '1')).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ 1 passed') as unknown });
    expect(resultsIn(join(folder, 'merged')).shard).toBeUndefined();
  },
  DEADLINE_MS,
);

test(
  'an unwritable report is refused before the run; a later obstacle loses no results',
  async () => {
    const file = scenario();
    const refused = await Promise.all(
      ['', file, join(file, 'below')].map((dir) => l4lab('run', file, '--report', dir)),
    );
    expect(refused.map(({ code, stdout }) => [code, stdout])).toEqual([
      [2, ''],
      [3, ''],
      [3, ''],
    ]);
    expect(refused.map(({ stderr }) => stderr).join('')).toMatch(
      /--report: name a folder\n[^]*scenario.yaml: it is a file[^]*below: a part of the path is a file/,
    );
    mkdirSync(join(folder, 'blocked/results.json/x'), { recursive: true });
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    const blocked = await l4labIn({ TMPDIR: join(folder, 'tmp') }, 'run', file, '--report', join(folder, 'blocked'));
    const [elsewhere] = readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('l4lab-report-'));
    expect(blocked).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`it is in ${join(folder, 'tmp', elsewhere!)}`) as unknown,
    });
    expect(blocked.stderr).not.toMatch(/^\s+at /m);
    expect(blocked.stdout).toContain('✓ 1 passed');
    expect(resultsIn(join(folder, 'tmp', elsewhere!)).scenarios).toHaveLength(1);
  },
  DEADLINE_MS,
);

test(
  'Ctrl-C removes booted labs, also while flows run',
  async () => {
    const quick = scenario();
    const slow = join(folder, 'slow.yaml');
    writeFileSync(slow, SCENARIO.replace('expect: works', 'repeat: 1000, expect: works'));
    const report = join(folder, 'interrupted');
    const child = spawn('node', ['setup/l4lab.mjs', 'run', quick, slow, '--report', report], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'close') as Promise<[number | null]>;
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
    const owned = () => remnants(engine.docker, OWNER_LABEL, `${hostname()} ${child.pid!} `);
    await until('the first scenario to end', () => Promise.resolve(said.includes('✓')));
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(await owned()).toEqual(NOTHING);
    const { interrupted, scenarios } = resultsIn(report);
    expect([interrupted, ...scenarios.map(({ variants }) => variants[0]!.flows[0]!.verdict)]).toEqual([
      true,
      'pass',
      'not-run',
    ]);
    expect(await l4lab('merge', report, '--report', report)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('! 1 not run · ✓ 1 passed') as unknown,
    });
  },
  DEADLINE_MS,
);

test(
  'Ctrl-C removes booted labs, also while a lab boots',
  async () => {
    const slow = SCENARIO.replace('expect: works', 'repeat: 1000, expect: works');
    const child = spawn('node', ['setup/l4lab.mjs', 'run', scenario(slow), '--report', join(folder, 'report')], {
      stdio: 'ignore',
    });
    const owned = () => remnants(engine.docker, OWNER_LABEL, `${hostname()} ${child.pid!} `);
    await until('its lab to run', async () => (await owned()).running >= 2);
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(130);
    expect(await owned()).toEqual(NOTHING);
  },
  DEADLINE_MS,
);
