import { L4labError } from '../harness/errors.ts';
import type { RunEvent } from '../harness/run/events.ts';
import { labsAtOnce } from '../harness/run/labs-at-once.ts';
import { run as runScenarios } from '../harness/run/run.ts';
import type { Results } from '../harness/terms/results.ts';
import { readyEngine } from './engine.ts';
import { version } from './package.ts';
import { selectionOf, type Choice, type Scenario } from './scenario.ts';

export interface RunOptions extends Choice {
  /** Stops the run: finished flows are in the results, all others are not run. */
  signal?: AbortSignal;
  /** Called for each event of the run. */
  onEvent?: (event: RunEvent) => void;
}

/**
 * Runs scenarios with real packets on this machine's Docker engine, which is set up if necessary. All labs are removed
 * at the end.
 * @returns the contents of `results.json`; verdicts are in `scenarios[].variants[].flows[].verdict`
 */
export async function run(scenarios: Scenario[], options: RunOptions = {}): Promise<Results> {
  const { signal, onEvent = () => undefined } = options;
  const [first] = scenarios;
  if (first === undefined) throw new L4labError('invalid-input', 'run: no scenarios');
  const ready = await readyEngine(first.project);
  return runScenarios(
    scenarios.map(({ loaded }) => loaded),
    {
      ...ready,
      version: version(),
      selection: selectionOf(options),
      concurrency: labsAtOnce(ready.engine.cpus),
      onEvent,
      ...(signal ? { signal } : {}),
    },
  );
}
