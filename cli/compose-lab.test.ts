import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type Dockerode from 'dockerode';
import { BRIDGE_NAME } from '../harness/fabric/bridges.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { builtImage } from '../harness/fabric/testing/built-image.ts';
import { until } from '../harness/fabric/testing/remnants.ts';
import { here } from '../harness/project/testing/here.ts';
import { findOne } from './find-one.ts';
import { findCompose } from '../setup/compose-program.ts';

const DEADLINE_MS = 240_000;
const PROJECT_LABEL = 'com.docker.compose.project';
const PREFIX = 'l4lab-by-hand-';
const PROJECT = `${PREFIX}${process.pid}`;

let docker: Dockerode;

/** A lab that Docker Compose carries, under a project name of its own. */
class ComposeLab implements AsyncDisposable {
  constructor(
    private readonly project: string,
    private readonly file: string,
  ) {}

  #program(...words: string[]) {
    return execa(findCompose(process.env)!, ['-p', this.project, '-f', this.file, ...words], {
      env: { L4LAB_IMAGE: builtImage() },
      reject: false,
      all: true,
    });
  }

  async #run(...words: string[]): Promise<string> {
    const { failed, all, stdout } = await this.#program(...words);
    if (failed) throw await this.#failure(`docker-compose ${words.join(' ')}`, all);
    return stdout;
  }

  async #failure(what: string, printed: string): Promise<Error> {
    return new Error(`${what}:\n${printed}\n${(await this.#program('logs')).all}`);
  }

  /** Boots the lab; on a machine where another one has the file's subnets, once it has gone. */
  async up(): Promise<void> {
    const waits = (await this.#run('up', '--help')).includes('--wait') ? ['--wait'] : [];
    await until('docker-compose to have the networks for itself', async () => {
      const { failed, all } = await this.#program('up', '-d', ...waits);
      const overlaps = failed && /overlaps with other one/.test(all);
      if (failed && !overlaps) throw await this.#failure('docker-compose up', all);
      if (overlaps) await this.#run('down');
      return !overlaps;
    });
    // Version 1 of Compose does not wait itself.
    await until('every node to be healthy', async () => {
      const states = Object.values(await this.health());
      if (!states.every((state) => state === 'starting' || state === 'healthy'))
        throw await this.#failure('health', JSON.stringify(await this.health()));
      return states.every((state) => state === 'healthy');
    });
  }

  async health(): Promise<Record<string, string | undefined>> {
    const filters = { label: [`${PROJECT_LABEL}=${this.project}`] };
    const found = await docker.listContainers({ all: true, filters });
    const states = await Promise.all(
      found.map(async ({ Id, Labels }) => {
        const { State } = await docker.getContainer(Id).inspect();
        return [Labels['com.docker.compose.service']!, State.Health?.Status ?? State.Status] as const;
      }),
    );
    return Object.fromEntries(states);
  }

  exec(node: string, ...words: string[]): Promise<string> {
    return this.#run('exec', '-T', node, ...words);
  }

  /** What a server says of the request that it got. */
  async get(node: string, url: string): Promise<{ server: string; local: string; peer: string }> {
    const answer = await this.exec(node, 'curl', '-g', '-sS', '-m', '10', url);
    return JSON.parse(answer) as { server: string; local: string; peer: string };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run('down', '--timeout', '1');
  }
}

/** Takes away what tests that were killed have left: it would hold the subnets for ever. */
async function sweep(): Promise<void> {
  const filters = { label: [PROJECT_LABEL] };
  const isLeft = ({ Labels }: { Labels?: Record<string, string> | undefined }) => {
    const project = Labels?.[PROJECT_LABEL] ?? '';
    return project.startsWith(PREFIX) && !isAlive(parseInt(project.slice(PREFIX.length), 10));
  };
  for (const { Id } of (await docker.listContainers({ all: true, filters })).filter(isLeft))
    await docker.getContainer(Id).remove({ force: true });
  for (const { Id } of (await docker.listNetworks({ filters })).filter(isLeft)) await docker.getNetwork(Id).remove();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

let folder: string;
beforeAll(async () => {
  ({ docker } = await findEngine());
  await sweep();
  folder = mkdtempSync(join(tmpdir(), 'l4lab-compose-'));
}, DEADLINE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lab of a scenario, as `l4lab compose` makes it. */
async function made(nth: number, ...words: string[]): Promise<ComposeLab> {
  const file = join(folder, `${nth}.yml`);
  await execa('node', ['setup/l4lab.mjs', 'compose', ...words, '--output', file]);
  return new ComposeLab(`${PROJECT}-${nth}`, file);
}

test(
  'the lab of the README boots with Compose, and its VIP answers',
  async () => {
    await using lab = new ComposeLab(PROJECT, 'docker-compose.yml');
    await lab.up();
    expect(Object.keys(await lab.health()).sort()).toEqual(['b1', 'client', 'l2', 'l3', 'l4', 's1', 's2']);
    const answers = [];
    for (let nth = 0; nth < 4; nth++) answers.push(await lab.get('client', 'http://203.0.113.80/'));
    expect(answers.map(({ local }) => local)).toEqual(Array.from({ length: 4 }, () => '203.0.113.80 80'));
    expect(new Set(answers.map(({ server }) => server))).toEqual(new Set(['s1', 's2']));
  },
  DEADLINE_MS,
);

test(
  'a dual-stack lab in l3dsr boots with every setting of every node',
  async () => {
    await using lab = await made(1, 'ipv6/one-arm', '--variant', 'l3dsr');
    await lab.up();
    const { server, local, peer } = await lab.get('client', 'http://[2001:db8:5::80]/');
    expect([server, local]).toEqual([expect.stringMatching(/^s[12]$/), '2001:db8:5::80 80']);
    expect(peer).toMatch(/^2001:db8:c::10 /);
    for (const { name, sysctls } of findOne(here, 'ipv6/one-arm', 'l3dsr').plan.nodes) {
      const paths = Object.keys(sysctls);
      const values = await lab.exec(name, 'sh', '-c', `cd /proc/sys && cat ${paths.join(' ')}`);
      const found = values.split('\n').map((value, index) => [paths[index], value]);
      expect([name, Object.fromEntries(found)]).toEqual([name, sysctls]);
    }
  },
  DEADLINE_MS,
);

test(
  'a lab whose L4 is a switch that keeps source MACs fails by hand as in a run',
  async () => {
    await using lab = await made(2, 'switching/in-line-l2', '--variant', 'keeps-source-mac');
    await lab.up();
    expect((await lab.get('client', 'http://203.0.113.81/')).server).toBe('b1');
    await expect(lab.exec('s1', 'curl', '-sS', '-m', '3', 'http://203.0.113.81/')).rejects.toThrow(/timed out/);
    const networks = await docker.listNetworks({ filters: { label: [`${PROJECT_LABEL}=${PROJECT}-2`] } });
    const bridges = networks.map(({ Options }) => Options![BRIDGE_NAME]!);
    const files = bridges.map((bridge) => `/sys/class/net/${bridge}/bridge/ageing_time`);
    const ageing = await lab.exec('cables_of_host', 'cat', ...files);
    expect(ageing.split('\n')).toEqual(bridges.map(() => '0'));
  },
  DEADLINE_MS,
);
