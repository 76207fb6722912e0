import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { errorText } from '../cli/error-text.ts';
import { labImage } from '../cli/project.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { composeFile } from '../harness/fabric/compose.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { Lab, type BootOptions } from '../harness/fabric/lab.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { topologyOf } from '../harness/fabric/lab-topology.ts';
import type { Plan } from '../harness/terms/plan.ts';
import { ComposeProject, findCompose } from './compose-project.ts';
import { memoryOf } from './memory.ts';
import { planFrom } from './plan-from.ts';
import { spread, type Spread } from './spread.ts';

const LIMIT_S = 2;
const LIMIT_MB_PER_NODE = 60;

/** Six nodes, five links: the one-arm lab with two servers. */
function sixNodes(): Plan {
  const lab = {
    nodes: {
      client: { role: 'client', gateway: 'l3' },
      l3: { role: 'l3' },
      l2: { role: 'l2' },
      l4: { role: 'l4', gateway: 'l3' },
      s1: { role: 'server', gateway: 'l3' },
      s2: { role: 'server', gateway: 'l3' },
    },
    links: [
      { client: '198.51.100.10/24', l3: '198.51.100.1/24' },
      { l3: '203.0.113.1/24', l2: null },
      { l4: '203.0.113.2/24', l2: null },
      { s1: '203.0.113.11/24', l2: null },
      { s2: '203.0.113.12/24', l2: null },
    ],
  };
  return planFrom(lab, {
    services: { web: { vip: '203.0.113.80', port: 80, mode: 'dnat', pool: ['s1', 's2'] } },
    flows: { 'client-to-web': { from: 'client', to: 'web', expect: 'works' } },
  });
}

interface Round {
  up: number;
  down: number;
}

/** Seconds that a piece of work takes. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** How fast a lab boots, beside the same lab under Docker Compose: `npm run bench:boot -- --rounds 7 --json FILE`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, json: { type: 'string' } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new L4labError('invalid-input', '--rounds wants a number from 1 on');

  // What else the machine does belongs to the figures: more than a little, and they tell nothing about the lab.
  const load = loadavg()[0]!;
  const lab = sixNodes();
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const options = { engine, image: labImage(), labels: await reaperLabels(engine.docker), signal };
  const compose = await findCompose();
  const ours: Round[] = [];
  const theirs: Round[] = [];
  const memory: number[] = [];

  // Turn by turn, so that whatever else the machine does meets both; the first turn warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    signal.throwIfAborted();
    const { memoryOfNodes, ...own } = await labRound(lab, options);
    const other = compose && (await composeRound(compose.command, lab, options.image));
    if (round === 0) continue;
    ours.push(own);
    memory.push(...memoryOfNodes);
    if (other) theirs.push(other);
  }

  const figures = {
    engine: engine.name,
    cpus: engine.cpus,
    loadBefore: load,
    nodes: lab.nodes.length,
    links: lab.links.length,
    rounds,
    l4lab: { upSeconds: spreadOf(ours, 'up'), downSeconds: spreadOf(ours, 'down') },
    compose: compose && {
      version: compose.version,
      upSeconds: spreadOf(theirs, 'up'),
      downSeconds: spreadOf(theirs, 'down'),
    },
    megabytesPerNode: spread(memory),
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(
    `${engine.name}, ${engine.cpus} CPUs; ${figures.nodes} nodes, ${figures.links} links; ${rounds} rounds; load before ${load.toFixed(1)}`,
  );
  console.log(row('l4lab until every agent answers', figures.l4lab.upSeconds, 's'));
  console.log(row('l4lab down', figures.l4lab.downSeconds, 's'));
  if (figures.compose) {
    console.log(row(`Compose ${figures.compose.version} until \`up -d\` ends`, figures.compose.upSeconds, 's'));
    console.log(row('Compose down', figures.compose.downSeconds, 's'));
  } else {
    console.log('Compose is not installed: nothing to compare with (Debian: apt-get install docker-compose)');
  }
  console.log(row('memory of a node', figures.megabytesPerNode, 'MB'));
  const good = figures.l4lab.upSeconds.median <= LIMIT_S && figures.megabytesPerNode.median <= LIMIT_MB_PER_NODE;
  console.log(`${good ? 'within' : 'NOT within'} ${LIMIT_S} s and ${LIMIT_MB_PER_NODE} MB a node, by their medians`);
  return good ? EXIT.ok : EXIT.failed;
}

async function labRound(lab: Plan, options: BootOptions): Promise<Round & { memoryOfNodes: number[] }> {
  const start = performance.now();
  await using booted = await Lab.boot(topologyOf(lab), options);
  const up = (performance.now() - start) / 1000;
  const nodes = [...booted.nodes.values()];
  const bytes = await Promise.all(nodes.map(({ container }) => memoryOf(container)));
  const down = await seconds(() => booted[Symbol.asyncDispose]());
  return { up, down, memoryOfNodes: bytes.map((count) => count / 1e6) };
}

async function composeRound(command: string[], lab: Plan, image: string): Promise<Round> {
  await using project = new ComposeProject(command, composeFile(lab, 'bench/boot.ts'), image);
  const up = await seconds(() => project.up());
  const down = await seconds(() => project.down());
  return { up, down };
}

const spreadOf = (rounds: Round[], part: keyof Round): Spread => spread(rounds.map((round) => round[part]));

const row = (name: string, { min, median, max }: Spread, unit: string): string =>
  `${name.padEnd(40)} median ${median.toFixed(2)} ${unit}  (${min.toFixed(2)} to ${max.toFixed(2)})`;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
try {
  process.exitCode = await main(stop.signal);
} catch (error) {
  if (stop.signal.aborted) process.exitCode = 130;
  else if (error instanceof L4labError) {
    console.error(errorText(error));
    process.exitCode = error.exitCode;
  } else throw error;
}
