import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { stringify } from 'yaml';
import { loadProject } from '../api/load-project.ts';
import { labImage } from '../api/package.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import type { Lab } from '../harness/fabric/lab.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import { LabPool } from '../harness/run/lab-pool.ts';
import { runVariant } from '../harness/run/variant.ts';
import { plansOf, type LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import { readLab, readScenario } from '../harness/scenario/read/read.ts';
import { parseYaml } from '../harness/scenario/yaml-file.ts';
import type { FlowResult, VariantResult } from '../harness/terms/results.ts';

const FAILOVER_EVERY_S = 10;
/** Failovers and failbacks per run: its records are checked and discarded afterwards. */
const IN_ONE_RUN = 5;
/**
 * Growth of memory from the middle third of the runs to the last third that counts as a leak. Growth at the beginning
 * does not.
 */
const GROWTH = 0.1;

/** Results of one run. */
interface Round {
  calls: number;
  failed: number;
  unexplained: number;
  longestOutageMs: number;
  /** Bytes after garbage collection, and resident bytes of all node processes. */
  heap: number;
  nodes: number;
}

/**
 * One stream for an hour, with a failover or a failback every 10 s: `npm run soak -- --minutes 60`. No failed call may be
 * without a cause, and memory may not grow.
 */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new L4labError('invalid-input', '--minutes must be a number above 0');
  const project = await loadProject();
  const [{ variant, plan }] = plansOf(failovers(join(project.root, 'labs/pair.yaml')), { variants: [], flows: [] }) as [
    ReturnType<typeof plansOf>[number],
  ];
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const labels = await reaperLabels(engine.docker);
  await using pool = new LabPool({ engine, image: labImage(), labels, signal });
  const rounds: Round[] = [];
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 60_000;
  let red = 0;
  while (elapsed() < minutes) {
    signal.throwIfAborted();
    const pooled = await pool.acquire(plan, signal);
    const { result, clean } = await runVariant(variant, plan, pooled, () => undefined);
    const round = { ...countCalls(result), heap: heapBytes(), nodes: await nodeBytes(pooled.lab) };
    pool.release(pooled, clean);
    signal.throwIfAborted();
    rounds.push(round);
    const notGreen = result.flows.filter(({ verdict }) => verdict !== 'pass');
    red += notGreen.length + (clean ? 0 : 1);
    console.error(`${elapsed().toFixed(1)} min: ${roundText(round)}${clean ? '' : ', lab not as it was'}`);
    for (const cell of notGreen) console.error(`  ${cellText(cell)}`);
  }
  const total = (of: (round: Round) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  const grown = growth(rounds);
  console.log(
    `minutes ${elapsed().toFixed(0)} calls ${total(({ calls }) => calls)} failed ${total(({ failed }) => failed)} unexplained ${total(({ unexplained }) => unexplained)} red ${red} memory ${grown > GROWTH ? 'grew' : 'constant'} (${(grown * 100).toFixed(0)} %)`,
  );
  return red > 0 || total(({ unexplained }) => unexplained) > 0 || grown > GROWTH ? EXIT.failed : EXIT.ok;
}

function failovers(labFile: string): LoadedScenario {
  const expect = { calls: { outage: { atMost: '5s' } } };
  const step = (action: object, until: object): object => ({ do: action, until, for: `${FAILOVER_EVERY_S}s`, expect });
  const rounds = Array.from({ length: IN_ONE_RUN }, (_, i): [string, object][] => [
    [`failover-${i}`, step({ kill: 'l4a' }, { master: 'l4b', within: '5s' })],
    [`failback-${i}`, step({ start: 'l4a' }, { master: 'l4a', within: '10s' })],
  ]);
  const scenario = {
    title: 'One failover after the other',
    lab: 'pair',
    servers: { gateway: 'l3', loopback: ['web'], arpIgnore: 1, arpAnnounce: 2 },
    services: {
      web: {
        vip: '203.0.113.80',
        port: 80,
        mode: 'dsr',
        scheduler: 'maglev',
        l4: ['l4a', 'l4b'],
        pool: ['s1', 's2', 's3'],
      },
    },
    pairs: { edge: { nodes: ['l4a', 'l4b'], advertMs: 200 } },
    streams: { calls: { from: 'client', to: 'web', every: '20ms' } },
    steps: { calm: { for: '1s', expect: { calls: 'works' } }, ...Object.fromEntries(rounds.flat()) },
  };
  const lab = readLab(parseYaml('labs/pair.yaml', readFileSync(labFile, 'utf8')));
  const yaml = parseYaml('soak.yaml', stringify(scenario));
  return { scenario: readScenario('soak', 'pair', lab, yaml), yaml };
}

function countCalls({ timeline, flows }: VariantResult): Omit<Round, 'heap' | 'nodes'> {
  const calls = timeline?.streams.flatMap((stream) => stream.calls) ?? [];
  const failed = calls.filter(({ outcome }) => outcome === 'fails');
  return {
    calls: calls.length,
    failed: failed.length,
    unexplained: failed.filter(({ cause }) => cause === null || cause.code === 'unexplained').length,
    longestOutageMs: Math.max(0, ...flows.map(({ stream }) => stream?.summary.outage?.ms ?? 0)),
  };
}

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Resident bytes of the processes of all nodes, by the host's ps: not every kernel counts memory by container. */
async function nodeBytes(lab: Lab): Promise<number> {
  const tops = await Promise.all(
    [...lab.nodes.values()].map(({ container }) => container.top({ ps_args: '-eo pid,rss' })),
  );
  const kibibytes = (tops as { Processes: string[][] }[]).flatMap(({ Processes }) =>
    Processes.map(([, rss]) => Number(rss)),
  );
  const bytes = kibibytes.reduce((sum, each) => sum + each, 0) * 1024;
  if (!(bytes > 0))
    throw new L4labError(
      'engine-unavailable',
      'the engine does not report the memory of nodes: docker top NODE -eo pid,rss',
    );
  return bytes;
}

/** By which part memory is above what it was after the second run, when all code had been loaded. */
function growth(rounds: Round[]): number {
  const third = Math.floor(rounds.length / 3);
  if (third === 0) return 0;
  const [before, last] = [rounds.slice(-2 * third, -third), rounds.slice(-third)];
  const grown = (of: (round: Round) => number): number => median(last.map(of)) / median(before.map(of));
  return (
    Math.max(
      grown(({ heap }) => heap),
      grown(({ nodes }) => nodes),
    ) - 1
  );
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function roundText({ calls, failed, unexplained, longestOutageMs, heap, nodes }: Round): string {
  const mb = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;
  return `${calls} calls, ${failed} failed, ${unexplained} unexplained, longest outage ${Math.round(longestOutageMs)} ms, heap ${mb(heap)}, nodes ${mb(nodes)}`;
}

function cellText({ name, verdict, reasons }: FlowResult): string {
  return `${name}: ${verdict}, ${reasons.map((reason) => JSON.stringify(reason)).join(' ')}`;
}

await untilInterrupted(main);
