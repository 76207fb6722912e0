import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { errorText } from '../cli/shared/error-text.ts';
import { labImage } from '../api/package.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { composeFile } from '../harness/fabric/compose.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { Lab } from '../harness/fabric/lab.ts';
import type { BootOptions } from '../harness/fabric/boot-lab.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { topologyOf } from '../harness/fabric/lab-topology.ts';
import type { Plan } from '../harness/terms/plan.ts';
import { ComposeProject, ensureCompose } from './compose-project.ts';
import { EngineAlone } from './engine-alone.ts';
import { memoryOf } from './memory.ts';
import { planFrom } from './plan-from.ts';
import { spread, type Spread } from './shared/spread.ts';

const LIMIT_S = 2;
/** Limit relative to the engine alone with the same containers and networks. */
const LIMIT_RATIO = 1.2;
const LIMIT_MB_PER_NODE = 60;

/** The one-arm lab with this number of servers; with two it has six nodes and five links. */
function oneArm(servers: number): Plan {
  const names = Array.from({ length: servers }, (_, index) => `s${index + 1}`);
  const lab = {
    nodes: {
      client: { role: 'client', gateway: 'l3' },
      l3: { role: 'l3' },
      l2: { role: 'l2' },
      l4: { role: 'l4', gateway: 'l3' },
      ...Object.fromEntries(names.map((name) => [name, { role: 'server', gateway: 'l3' }])),
    },
    links: [
      { client: '198.51.100.10/24', l3: '198.51.100.1/24' },
      { l3: '203.0.113.1/24', l2: null },
      { l4: '203.0.113.2/24', l2: null },
      ...names.map((name, index) => ({ [name]: `203.0.113.${11 + index}/24`, l2: null })),
    ],
  };
  return planFrom(lab, {
    services: { web: { vip: '203.0.113.254', port: 80, mode: 'dnat', pool: names } },
    flows: { 'client-to-web': { from: 'client', to: 'web', expect: 'works' } },
  });
}

interface Round {
  up: number;
  down: number;
}

/** Duration of some work, seconds. */
async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/**
 * Measures how fast a lab boots, compared with the engine alone for the same containers and networks, and with the same lab
 * under Docker Compose: `npm run bench:boot -- --rounds 7 --servers 60 --json FILE`.
 */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      servers: { type: 'string', default: '2' },
      json: { type: 'string' },
    },
  });
  const rounds = count('rounds', values.rounds, Infinity);
  const servers = count('servers', values.servers, 200);

  // The load of the machine is part of the figures: if it is high, they say nothing about the lab.
  const load = loadavg()[0]!;
  const lab = oneArm(servers);
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const options = { engine, image: labImage(), labels: await reaperLabels(engine.docker), signal };
  const compose = await ensureCompose();
  const ours: Round[] = [];
  const alone: Round[] = [];
  const theirs: Round[] = [];
  const memory: number[] = [];

  // They alternate, so that other load affects both; the first round is a warm-up.
  for (let round = 0; round <= rounds; round++) {
    signal.throwIfAborted();
    const { memoryOfNodes, ...own } = await labRound(lab, options);
    const bare = await aloneRound(lab, options);
    const other = compose && (await composeRound(compose.program, lab, options.image));
    if (round === 0) continue;
    ours.push(own);
    alone.push(bare);
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
    engineAlone: { upSeconds: spreadOf(alone, 'up'), downSeconds: spreadOf(alone, 'down') },
    /** Compared within rounds, under the same conditions. */
    ratio: spread(ours.map(({ up }, index) => up / alone[index]!.up)),
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
  console.log(row('the engine alone, as many containers', figures.engineAlone.upSeconds, 's'));
  console.log(row('the engine alone, down', figures.engineAlone.downSeconds, 's'));
  console.log(row('l4lab until every agent answers', figures.l4lab.upSeconds, 's'));
  console.log(row('  in terms of the engine alone', figures.ratio, '×'));
  console.log(row('l4lab down', figures.l4lab.downSeconds, 's'));
  if (figures.compose) {
    console.log(row(`Compose ${figures.compose.version} until \`up -d\` ends`, figures.compose.upSeconds, 's'));
    console.log(row('Compose down', figures.compose.downSeconds, 's'));
  } else {
    console.log('Compose is not installed, and could not be: no figures for it');
  }
  console.log(row('memory of a node', figures.megabytesPerNode, 'MB'));
  // The time of a large lab depends on the engine.
  const [limit, up] = servers === 2 ? [LIMIT_S, figures.l4lab.upSeconds] : [LIMIT_RATIO, figures.ratio];
  const good = up.median <= limit && figures.megabytesPerNode.median <= LIMIT_MB_PER_NODE;
  const limits = `${limit} ${servers === 2 ? 's' : 'times the engine alone'} and ${LIMIT_MB_PER_NODE} MB a node`;
  console.log(`${good ? 'within' : 'NOT within'} ${limits}, by their medians`);
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

async function aloneRound(lab: Plan, options: BootOptions): Promise<Round> {
  await using alone = new EngineAlone();
  const up = await seconds(() => alone.up(topologyOf(lab), options));
  const down = await seconds(() => alone[Symbol.asyncDispose]());
  return { up, down };
}

/** Nodes without known neighbours, as in freshly booted labs. */
const COMPOSE = { image: '${L4LAB_IMAGE}', head: ['bench/boot.ts'], neighbours: [], up: [] };

async function composeRound(program: string, lab: Plan, image: string): Promise<Round> {
  await using project = new ComposeProject(program, composeFile(lab, COMPOSE), image);
  const up = await seconds(() => project.up());
  const down = await seconds(() => project.down());
  return { up, down };
}

/** @throws L4labError if the value of an option is not a whole number from 1 to a limit */
function count(option: string, value: string, limit: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= limit) return number;
  const range = limit === Infinity ? 'from 1 on' : `from 1 to ${limit}`;
  throw new L4labError('invalid-input', `--${option} must be a number ${range}`);
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
