/**
 * Measures the load balancer and others:
 * `npm run bench:lb -- [--rounds N] [--seconds N] [--load TEXT] [--only TEXT] [--json FILE]`.
 *
 * Needs root, and prints on which machine it ran. How to read the figures: docs/explanation/performance.md.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { L4labError } from '../harness/errors.ts';
import type { Contestant } from './load-balancer/contestants.ts';
import { contestants, DIRECT } from './load-balancer/contestants.ts';
import type { Rounds } from './load-balancer/figures.ts';
import { figuresOf, targetsOf } from './load-balancer/figures.ts';
import { formatFigures, formatTargets } from './load-balancer/figures-text.ts';
import { measure } from './load-balancer/measure.ts';
import { httpServerConfig, startBulkServers, startProgram } from './load-balancer/programs.ts';
import { ensureTools } from './load-balancer/tools.ts';
import type { Path } from './load-balancer/topology.ts';
import { createLab, pathOf } from './load-balancer/topology.ts';
import type { Load } from './load-balancer/traffic.ts';
import { LOADS } from './load-balancer/traffic.ts';
import type { NetnsLab } from '../lb/netns/netns-lab.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

interface Entry extends Contestant {
  path: Path;
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '1' },
      load: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (![rounds, seconds].every((n) => Number.isInteger(n) && n > 0)) {
    throw new L4labError('invalid-input', '--rounds and --seconds must be whole numbers above 0');
  }
  const loads = LOADS.filter(({ name }) => name.includes(values.load));
  if (loads.length === 0) {
    const names = LOADS.map(({ name }) => `"${name}"`).join(', ');
    throw new L4labError('invalid-input', `--load must be part of one of these names: ${names}`);
  }
  const all = contestants();
  if (!all.some(({ name }) => name.includes(values.only))) {
    const names = all.map(({ name }) => `"${name}"`).join(', ');
    throw new L4labError('invalid-input', `--only must be part of one of these names: ${names}`);
  }
  const taking = all.filter(({ name }) => name === DIRECT || name.includes(values.only));
  await ensureTools();
  const machine = { kernel: release(), cpus: cpus().length, model: cpus()[0]?.model, loadBefore: loadavg()[0]! };
  const entries = taking.map((contestant, i): Entry => ({ ...contestant, path: pathOf(i) }));
  const lab = await createLab(entries.map(({ path }) => path));
  try {
    await startAll(lab, entries);
    const samples = await measureAll(lab, entries, loads, { rounds, seconds, signal });
    const results = [...samples].map(([load, taken]) => {
      const figures = figuresOf(taken);
      return { load: load.name, unit: load.unit, figures, targets: targetsOf(figures, load.dsrShare) };
    });
    for (const { load, unit, figures, targets } of results) {
      console.log(`${formatFigures(load, unit, figures)}\n${formatTargets(targets)}`);
    }
    console.log(
      `\n${rounds} rounds of ${seconds} s; kernel ${machine.kernel}, ${machine.cpus} × ${machine.model}, ` +
        `load average before: ${machine.loadBefore.toFixed(1)}`,
    );
    if (values.json)
      await writeFile(values.json, `${JSON.stringify({ machine, rounds, seconds, results }, null, 2)}\n`);
  } finally {
    await lab.close();
  }
  return 0;
}

async function startAll(lab: NetnsLab, entries: Entry[]): Promise<void> {
  await startProgram(lab, 'server', { program: 'nginx', config: httpServerConfig(), args: ['-c'] });
  const arrivals = entries.map(({ direct, path }) => (direct ? path.vip : path.server));
  await startBulkServers(lab, 'server', arrivals);
  for (const { start, path } of entries) await start(lab, path);
  for (const { settled, path } of entries) await settled?.(lab, path);
}

/** Measures every contestant in every round, in random order, so that none always follows the same one. */
async function measureAll(
  lab: NetnsLab,
  entries: Entry[],
  loads: Load[],
  { rounds, seconds, signal }: { rounds: number; seconds: number; signal: AbortSignal },
): Promise<Map<Load, Rounds>> {
  const takers = (load: Load) => entries.filter(({ udp }) => udp || !load.udp);
  const samples = new Map(loads.map((load) => [load, Object.fromEntries(takers(load).map(({ name }) => [name, []]))]));
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`);
    for (const [load, taken] of samples) {
      const turns = takers(load).map((taker) => ({ ...taker, at: Math.random() }));
      for (const { name, balanced, path } of turns.toSorted((a, b) => a.at - b.at)) {
        const host = balanced ? path.vip : path.server;
        (taken as Rounds)[name]!.push(await measure(lab, load, { host, seconds, signal }));
      }
    }
  }
  return samples;
}

await untilInterrupted(main);
