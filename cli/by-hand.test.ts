import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { findEngine, type Engine } from '../harness/fabric/engine.ts';
import type { KeptLab } from '../harness/fabric/kept-labs.ts';
import { KEPT_LABEL } from '../harness/fabric/labels.ts';
import { NOTHING, remnants, until } from '../harness/fabric/testing/remnants.ts';
import { blocksOf } from '../reports/testing/pcapng-blocks.ts';

/** A loaded machine boots a lab slowly. */
const DEADLINE_MS = 240_000;

const LAB = `title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.10/24, s1: 203.0.113.11/24 }]
`;
const SCENARIO = `title: One server
lab: ./lab.yaml
servers: { listeners: [80/tcp] }
flows:
  direct: { from: client, to: s1, port: 80, expect: works }
`;
const GET = ['curl', '-sS', '-m', '10', 'http://203.0.113.11/'];

let engine: Engine;
let folder: string;
/** Two scenarios, by file and by name. */
let files: [string, string];
let names: [string, string];

const start = (words: string[], input = '') => execa('node', ['setup/l4lab.mjs', ...words], { reject: false, input });
const l4lab = (...words: string[]) => start(words);
/** In a node of the first lab. */
const inNode = (node: string, ...words: string[]) => start(['exec', '--scenario', names[0], node, '--', ...words]);
const capture = (...words: string[]) =>
  execa('node', ['setup/l4lab.mjs', 'capture', '--scenario', names[0], ...words], {
    reject: false,
    encoding: 'buffer',
  });
/** With a terminal, whose output is also that of script(1). */
const atTerminal = (...words: string[]) =>
  execa('script', ['-qec', ['node', 'setup/l4lab.mjs', ...words].join(' '), '/dev/null'], { reject: false });

let up: Awaited<ReturnType<typeof l4lab>>[];
beforeAll(async () => {
  engine = await findEngine();
  folder = mkdtempSync(join(tmpdir(), 'l4lab-by-hand-'));
  writeFileSync(join(folder, 'lab.yaml'), LAB);
  files = [join(folder, 'one.yaml'), join(folder, 'two.yaml')];
  names = files.map((file) => relative(process.cwd(), file).replace('.yaml', '')) as typeof names;
  for (const file of files) writeFileSync(file, SCENARIO);
  up = [await l4lab('up', files[0]), await l4lab('up', files[1])];
}, DEADLINE_MS);
afterAll(async () => {
  for (const file of files) await l4lab('down', file);
  rmSync(folder, { recursive: true, force: true });
}, DEADLINE_MS);

/** Names of what runs in a node; the dead that nobody has buried do not. */
const programs = async (): Promise<string> => {
  const script = 'for it in /proc/[0-9]*/status; do grep -q "^State:.Z" $it || grep ^Name: $it; done 2>/dev/null';
  return (await inNode('client', 'sh', '-c', script)).stdout;
};
const untilNoCapture = () => until('tcpdump to end', async () => !(await programs()).includes('tcpdump'));

test(
  'up leaves several labs running, and prints how to enter their nodes',
  async () => {
    expect(up.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(up[1]!.stdout).toContain(`npx l4lab exec --scenario ${names[1]} s1 -- bash`);
    expect(up[1]!.stdout).toContain(`npx l4lab exec --scenario ${names[1]} client -- curl http://203.0.113.11/`);
    const { stdout } = await l4lab('ps', '--json');
    const labs = (JSON.parse(stdout) as KeptLab[]).filter(({ scenario }) => names.includes(scenario));
    expect(labs.map(({ scenario, variant, nodes }) => [scenario, variant, nodes.map(({ name }) => name)])).toEqual(
      names.map((name) => [name, 'base', ['client', 's1']]),
    );
    const text = (await l4lab('ps')).stdout;
    for (const { scenario, nodes } of labs) {
      expect(text).toContain(`${scenario} [base], since 20`);
      for (const { container } of nodes) expect(up.map((one) => one.stdout).join()).toContain(`container ${container}`);
    }
  },
  DEADLINE_MS,
);

test(
  'exec runs a command in a node with the input, outputs, exit code and terminal of l4lab',
  async () => {
    expect(JSON.parse((await inNode('client', ...GET)).stdout)).toMatchObject({
      server: 's1',
      local: '203.0.113.11 80',
    });
    const words = ['exec', '--scenario', names[0], 'client', '--', 'sh', '-c', 'cat; echo wrong >&2; exit 7'];
    expect(await start(words, 'typed')).toMatchObject({ exitCode: 7, stdout: 'typed', stderr: 'wrong' });
    const without = await start(['exec', '--scenario', names[0], 'client', 'sh', '-c', 'exit 6']);
    expect(without).toMatchObject({ exitCode: 6 });
    expect(await inNode('client', 'no-such-program')).toMatchObject({ exitCode: 127 });
    const large = await inNode('client', 'head', '-c', '3000000', '/dev/zero');
    expect([large.exitCode, large.stdout.length]).toEqual([0, 3_000_000]);
    const terminal = await atTerminal('exec', '--scenario', names[0], 'client', '--', 'tty');
    expect([terminal.exitCode, terminal.stdout]).toEqual([0, expect.stringContaining('/dev/pts/')]);
  },
  DEADLINE_MS,
);

test(
  'processes started by exec end with it',
  async () => {
    const sleeping = inNode('client', 'sh', '-c', 'sleep 1000 & echo asleep; wait');
    await once(sleeping.stdout, 'data');
    expect(await programs()).toContain('sleep');
    sleeping.kill('SIGTERM');
    expect((await sleeping).exitCode).toBe(143);
    await until('sleep to end', async () => !(await programs()).includes('sleep'));
  },
  DEADLINE_MS,
);

test(
  'an ambiguous or unknown lab or node is refused with the known ones',
  async () => {
    const [which, node, lab, iface, count] = await Promise.all([
      l4lab('exec', 'client', '--', 'true'),
      inNode('clinet', 'true'),
      l4lab('exec', '--scenario', 'no/such', 'client'),
      capture('client', 's7'),
      capture('client', '--count', 'few'),
    ]);
    expect(which).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(names[1]) as unknown });
    expect(which.stderr).toMatch(/^several labs are up; choose one with --scenario: /);
    expect(node).toMatchObject({
      exitCode: 2,
      stderr: 'unknown node `clinet` (did you mean `client`?); known: client, s1',
    });
    expect(lab).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/^`no\/such` is not up; /) as unknown });
    expect([iface.exitCode, Buffer.from(iface.stderr).toString()]).toEqual([
      2,
      'client has no interface `s7`; it has lo, s1',
    ]);
    expect([count.exitCode, Buffer.from(count.stderr).toString()]).toEqual([
      2,
      '--count: `few` is not a number of frames',
    ]);
    const terminal = await atTerminal('capture', '--scenario', names[0], 'client');
    expect([terminal.exitCode, terminal.stdout]).toEqual([2, expect.stringContaining('a capture is binary')]);
  },
  DEADLINE_MS,
);

test(
  'capture streams the packets of a node as pcapng until Ctrl-C',
  async () => {
    const running = capture('client');
    let printed = Buffer.alloc(0);
    running.stdout.on('data', (piece: Buffer) => (printed = Buffer.concat([printed, piece])));
    let said = '';
    running.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
    await until('tcpdump to listen', () => Promise.resolve(said.includes('capturing on client/s1')));
    await inNode('client', ...GET);
    await until('the answer to be seen', () => Promise.resolve(printed.includes('HTTP/1.1 200')));
    running.kill('SIGINT');
    const { exitCode } = await running;
    expect([exitCode, said]).toEqual([0, 'capturing on client/s1; Ctrl-C stops it\n']);
    const [section, iface, ...frames] = blocksOf(printed);
    expect([section!.type, iface!.type, new Set(frames.map(({ type }) => type))]).toEqual([
      0x0a0d0d0a,
      1,
      new Set([6]),
    ]);
    expect(iface!.body.toString()).toContain('client/s1');
    expect(frames.some(({ body }) => body.includes('GET / HTTP/1.1'))).toBe(true);
    expect(await programs()).not.toContain('tcpdump');
  },
  DEADLINE_MS,
);

test(
  'capture ends after N frames, and with its reader',
  async () => {
    const few = capture('s1', 'client', '--count', '2');
    await once(few.stderr, 'data');
    await inNode('client', ...GET);
    const { exitCode, stdout } = await few;
    expect([exitCode, blocksOf(Buffer.from(stdout)).filter(({ type }) => type === 6).length]).toEqual([0, 2]);

    const read = capture('client');
    await once(read.stderr, 'data');
    read.stdout.destroy();
    await inNode('client', ...GET);
    await read;
    await untilNoCapture();

    const killed = capture('client');
    await once(killed.stderr, 'data');
    killed.kill('SIGKILL');
    await killed;
    await untilNoCapture();
  },
  DEADLINE_MS,
);

test(
  'up replaces an earlier lab of the scenario, and down removes only that',
  async () => {
    const [first, second] = files;
    expect((await l4lab('up', first)).stdout).toMatch(/^\S+ was up already: variant base replaces it\n/);
    expect(await remnants(engine.docker, KEPT_LABEL, names[0])).toMatchObject({ running: 2, networks: 1 });
    expect(await l4lab('down', first)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('removed 2 containers and 1 network') as unknown,
    });
    expect(await remnants(engine.docker, KEPT_LABEL, names[0])).toEqual(NOTHING);
    expect(await remnants(engine.docker, KEPT_LABEL, names[1])).toMatchObject({ running: 2, networks: 1 });
    await l4lab('down', second);
    expect(await remnants(engine.docker, KEPT_LABEL, names[1])).toEqual(NOTHING);
  },
  DEADLINE_MS,
);
