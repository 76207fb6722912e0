import { execa } from 'execa';
import type Dockerode from 'dockerode';
import { findEngine } from '../harness/fabric/engine.ts';
import { builtImage } from '../harness/fabric/testing/built-image.ts';
import { until } from '../harness/fabric/testing/remnants.ts';
import { findCompose } from '../setup/compose-program.ts';

const DEADLINE_MS = 240_000;
const PROJECT_LABEL = 'com.docker.compose.project';
const PREFIX = 'l4lab-by-hand-';
const PROJECT = `${PREFIX}${process.pid}`;

let docker: Dockerode;

const program = (...words: string[]) =>
  execa(findCompose(process.env)!, ['-p', PROJECT, ...words], {
    env: { L4LAB_IMAGE: builtImage() },
    reject: false,
    all: true,
  });

async function compose(...words: string[]): Promise<string> {
  const { failed, all, stdout } = await program(...words);
  if (failed) throw new Error(`docker-compose ${words.join(' ')}:\n${all}\n${(await program('logs')).all}`);
  return stdout;
}

/** Boots the lab; on a machine where another one has the file's subnets, once it has gone. */
async function up(): Promise<void> {
  const waits = (await compose('up', '--help')).includes('--wait') ? ['--wait'] : [];
  let outcome: Awaited<ReturnType<typeof program>> | undefined;
  await until('docker-compose to have the networks for itself', async () => {
    outcome = await program('up', '-d', ...waits);
    const overlaps = outcome.failed && /overlaps with other one/.test(outcome.all);
    if (overlaps) await compose('down');
    return !overlaps;
  });
  if (outcome?.failed) throw new Error(`docker-compose up:\n${outcome.all}\n${(await program('logs')).all}`);
}

async function health(): Promise<Record<string, string | undefined>> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${PROJECT_LABEL}=${PROJECT}`] } });
  const states = await Promise.all(
    found.map(async ({ Id, Labels }) => {
      const { State } = await docker.getContainer(Id).inspect();
      return [Labels['com.docker.compose.service']!, State.Health?.Status ?? State.Status] as const;
    }),
  );
  return Object.fromEntries(states);
}

/** Takes away what tests that were killed have left: it would hold the subnets for ever. */
async function sweep(): Promise<void> {
  const filters = { label: [PROJECT_LABEL] };
  const isLeft = ({ Labels }: { Labels?: Record<string, string> | undefined }) => {
    const project = Labels?.[PROJECT_LABEL] ?? '';
    return project.startsWith(PREFIX) && !isAlive(Number(project.slice(PREFIX.length)));
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

beforeAll(async () => {
  ({ docker } = await findEngine());
  await sweep();
}, DEADLINE_MS);
afterAll(() => compose('down', '--timeout', '1'), DEADLINE_MS);

test(
  'the lab to be tried by hand boots, and its VIP answers, as the README says',
  async () => {
    await up();
    // Version 1 of Compose does not wait itself.
    await until('every node to be healthy', async () => {
      const states = Object.values(await health());
      if (!states.every((state) => state === 'starting' || state === 'healthy'))
        throw new Error(`${JSON.stringify(await health())}\n${(await program('logs')).all}`);
      return states.every((state) => state === 'healthy');
    });
    expect(Object.keys(await health()).sort()).toEqual(['b1', 'client', 'l2', 'l3', 'l4', 's1', 's2']);
    const answers: string[] = [];
    for (let nth = 0; nth < 4; nth++)
      answers.push(await compose('exec', '-T', 'client', 'curl', '-sS', '-m', '10', 'http://203.0.113.80/'));
    expect(answers.map((text) => JSON.parse(text) as unknown)).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ local: '203.0.113.80 80' }) as unknown),
    );
    expect(new Set(answers.map((text) => (JSON.parse(text) as { server: string }).server))).toEqual(
      new Set(['s1', 's2']),
    );
  },
  DEADLINE_MS,
);
