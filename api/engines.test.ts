import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import Dockerode from 'dockerode';
import { NODE_LABEL } from '../harness/fabric/labels.ts';
import { until } from '../harness/fabric/testing/remnants.ts';
import type { Results } from '../harness/terms/results.ts';
import { answers } from '../setup/endpoint.ts';

/** A second engine starts, gets the image, and labs boot on both. */
const DEADLINE_MS = 300_000;

let folder: string;
let socket: string;
let engine: ChildProcess;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'l4lab-engines-')));
  socket = join(folder, 'engine.sock');
  engine = startEngine();
  await until('the second engine to answer', () => answers({ DOCKER_HOST: `unix://${socket}` }));
}, DEADLINE_MS);
afterAll(async () => {
  await endEngine();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}, DEADLINE_MS);

/** An engine in namespaces of its own: when its first process is killed, all of it is gone, as of a machine without power. */
function startEngine(): ChildProcess {
  const script = [
    'mount -t tmpfs tmpfs /run && ip link set lo up',
    `exec dockerd --data-root ${folder}/data --exec-root /run/docker --pidfile /run/docker.pid -H unix://${socket}`,
  ].join(' && ');
  const spaces = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child', '--propagation', 'private'];
  return spawn('unshare', [...spaces, 'sh', '-c', script], { stdio: 'ignore' });
}

async function endEngine(): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const ended = once(engine, 'exit');
  engine.kill('SIGKILL');
  await ended;
}

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Labs that differ, so that no two scenarios wait for one another's. */
const lab = (n: number): string => `title: Lab ${n}
nodes: { client: { role: client }, s${n}: { role: server } }
links: [{ client: 203.0.113.10/24, s${n}: 203.0.113.11/24 }]
`;
const scenario = (n: number): string => `title: Scenario ${n}
lab: lab-${n}
servers: { listeners: [80/tcp] }
flows: { direct: { from: client, to: s${n}, port: 80, repeat: 60, expect: works } }
`;

/** Forwards as ssh would, to the second engine. */
const SSH = `#!/usr/bin/env node
const { connect, createServer } = require('node:net');
const forward = process.argv[process.argv.indexOf('-L') + 1];
if (process.argv.at(-1) !== 'admin@engine.example') process.exit(1);
createServer((one) => {
  const other = connect(process.env.SECOND_ENGINE);
  for (const [a, b] of [[one, other], [other, one]]) a.on('error', () => b.destroy()).pipe(b);
}).listen(forward.split(':')[0]);
`;

function l4lab(): Promise<{ code: number; stdout: string }> {
  const env = { ...process.env, PATH: `${folder}/bin:${process.env['PATH']}`, SECOND_ENGINE: socket };
  return new Promise((done) => {
    execFile('node', [resolve('setup/l4lab.mjs'), 'run'], { cwd: folder, env }, (error, stdout) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout }),
    );
  });
}

test(
  'labs are spread over the configured engines; if one fails, its unfinished scenarios run on the other',
  async () => {
    const numbers = [1, 2, 3, 4, 5, 6];
    write({
      'package.json': '{}',
      'l4lab.config.json': JSON.stringify({
        engines: [process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock', 'ssh://admin@engine.example'],
      }),
      'bin/ssh': SSH,
      ...Object.fromEntries(
        numbers.flatMap((n) => [
          [`labs/lab-${n}.yaml`, lab(n)],
          [`scenarios/${n}.yaml`, scenario(n)],
        ]),
      ),
    });
    chmodSync(join(folder, 'bin/ssh'), 0o755);
    const engines = () =>
      (JSON.parse(readFileSync(join(folder, 'reports/latest/results.json'), 'utf8')) as Results).environment.engines!;

    const both = await l4lab();
    expect(both).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ 6 passed') as unknown });
    expect(
      engines()
        .flatMap(({ scenarios }) => scenarios)
        .sort(),
    ).toEqual(numbers.map(String));
    expect(engines().map(({ scenarios, lost }) => [scenarios.length > 0, lost])).toEqual([
      [true, false],
      [true, false],
    ]);

    const losing = l4lab();
    // Its scenarios are in progress: none of them ends before all nodes of its lab run.
    const nodes = () => new Dockerode({ socketPath: socket }).listContainers({ filters: { label: [NODE_LABEL] } });
    await until('a lab on the second engine', async () => (await nodes()).length > 0);
    engine.kill('SIGKILL');
    const lost = await losing;
    expect(lost).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ 6 passed') as unknown });
    expect(lost.stdout).toMatch(/^! the engine at unix:.* no longer answers: \d runs on another one$/m);
    expect(engines().map((one) => one.lost)).toEqual([false, true]);
  },
  DEADLINE_MS,
);
