import { spawn, type ChildProcess } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadAll } from '../cli/load-all.ts';
import { loadProject } from '../api/load-project.ts';
import { labImage, pageBundle, version } from '../api/package.ts';
import { sourcesOf } from '../api/sources.ts';
import { record, refusePart } from './fidelity/record.ts';
import { EXIT, L4labError } from '../harness/errors.ts';
import { findEngine } from '../harness/fabric/engine.ts';
import { reaperLabels } from '../harness/fabric/reaper.ts';
import { sweep } from '../harness/fabric/sweep.ts';
import type { FlowResult, Results } from '../harness/terms/results.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { run } from '../harness/run/run.ts';
import { findScenarios } from '../harness/project/scenario-files.ts';
import { writeReports } from '../reports/write-reports.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';

/** Runs all scenarios repeatedly: `npm run flakes -- --times 20 [--busy] [--only NAME] [--record]`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      times: { type: 'string', default: '3' },
      busy: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  refusePart(values.record, { only: values.only.length > 0 });
  const times = Number(values.times);
  if (!Number.isInteger(times) || times < 1) throw new L4labError('invalid-input', '--times must be a number of runs');
  const project = await loadProject();
  const scenarios = loadAll(project, findScenarios(project, values.only));
  const engine = await findEngine();
  await sweep(engine.docker, { orphans: true });
  const labels = await reaperLabels(engine.docker);
  const seen = new Map<string, Set<string>>();
  const load = values.busy ? keepBusy(cpus().length) : [];
  try {
    for (let round = 1; round <= times; round++) {
      const results = await run(scenarios, {
        engine,
        image: labImage(),
        version: version(),
        labels,
        selection: { variants: [], flows: [] },
        concurrency: labsAtOnce(engine.cpus),
        onEvent: () => undefined,
        signal,
      });
      let changed = false;
      for (const [flow, what] of verdicts(results)) {
        const before = seen.get(flow) ?? new Set();
        if (before.size > 0 && !before.has(what)) {
          console.error(`${flow}: ${[...before].join(' | ')} | now ${what}`);
          changed = true;
        }
        seen.set(flow, before.add(what));
      }
      // Otherwise the captures of that run would be lost.
      if (changed) {
        const sources = sourcesOf(
          project.root,
          scenarios.map(({ yaml }) => yaml.file),
        );
        await writeReports(results, join(project.folders.report, `flakes-run-${round}`), pageBundle(), sources);
      }
      console.error(
        `run ${round} of ${times}: ${(results.durationMs / 1000).toFixed(1)} s, ${flipped(seen).length} flipped so far`,
      );
    }
  } finally {
    for (const child of load) child.kill();
  }
  for (const [flow, all] of flipped(seen)) console.log(`${flow}: ${[...all].join(' | ')}`);
  console.log(`runs ${times} flows ${seen.size} flipped ${flipped(seen).length}`);
  if (values.record) {
    record(engine, {
      check: values.busy ? 'repeated runs, busy' : 'repeated runs',
      command: `npm run flakes -- --times ${times}${values.busy ? ' --busy' : ''}`,
      figures: { runs: times, flows: seen.size, flipped: flipped(seen).length },
    });
  }
  return flipped(seen).length > 0 ? EXIT.failed : EXIT.ok;
}

function flipped(seen: Map<string, Set<string>>): [string, Set<string>][] {
  return [...seen].filter(([, all]) => all.size > 1);
}

/** Verdict and cause of every flow, by its full name. */
function verdicts({ scenarios }: Results): [string, string][] {
  return scenarios.flatMap((scenario) =>
    scenario.variants.flatMap((variant) =>
      variant.flows.map((flow): [string, string] => [
        `${scenario.name} [${variant.name}] ${flow.name}`,
        resultText(flow),
      ]),
    ),
  );
}

/**
 * Which server a flow reaches is random, and so is the node; verdict and causes are not. For a stream in a step, which
 * of the expected causes occur is random too.
 */
function resultText({ verdict, attempts, reasons, stream }: FlowResult): string {
  if (stream !== undefined) return [verdict, ...reasons.map(({ code }) => code)].join(', ');
  const causes = new Set(attempts.flatMap(({ cause }) => (cause ? [cause.code] : [])));
  return [verdict, ...[...causes].sort(), ...reasons.map(({ code }) => code)].join(', ');
}

/** One busy process per core. */
function keepBusy(cores: number): ChildProcess[] {
  // Its stdin is a pipe from this process, so it ends with it in any case.
  const count =
    "process.stdin.on('end', () => process.exit()).resume(); (function spin() { for (let i = 0; i < 1e7; i++); setImmediate(spin); })()";
  return Array.from({ length: cores }, () =>
    spawn(process.execPath, ['-e', count], { stdio: ['pipe', 'ignore', 'inherit'] }),
  );
}

await untilInterrupted(main);
