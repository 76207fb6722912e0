import { withOnly, type LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import type { Results } from '../harness/terms/results.ts';

/** Files of scenarios with flows that did not pass, as named in the results. */
export function filesWithFailures({ scenarios }: Results): string[] {
  return scenarios
    .filter(({ variants }) => variants.some(({ flows }) => flows.some(({ verdict }) => verdict !== 'pass')))
    .map(({ file }) => file);
}

/** Cells of the scenarios that failed, or were not run, in earlier results. */
export function onlyFailed(loaded: LoadedScenario[], { scenarios }: Results): LoadedScenario[] {
  const failed = new Set(
    scenarios.flatMap(({ file, variants }) =>
      variants.flatMap(({ name, flows }) =>
        flows.filter(({ verdict }) => verdict !== 'pass').map((flow) => keyOf(file, name, flow.name)),
      ),
    ),
  );
  return loaded.flatMap(
    (one) => withOnly(one, (variant, flow) => failed.has(keyOf(one.yaml.file, variant, flow))) ?? [],
  );
}

function keyOf(...names: string[]): string {
  return JSON.stringify(names);
}
