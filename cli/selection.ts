import { noSuch } from '../harness/did-you-mean.ts';
import { cellNames, cellNamesOf, isNamed, plansOf, type Selection } from '../harness/scenario/resolve/plans.ts';
import type { LoadedScenario } from '../harness/scenario/resolve/plans.ts';
import { commandLineError } from './shared/command-line-error.ts';

/**
 * Scenarios with something selected. Each name must match something, so that nothing requested is silently skipped.
 * @throws L4labError `invalid-input` with the names without a match, and the available ones
 */
export function select(scenarios: LoadedScenario[], selection: Selection): LoadedScenario[] {
  const variants = scenarios.flatMap(({ scenario }) => scenario.variants);
  const known = {
    variant: new Set(variants.map(({ name }) => name)),
    flow: new Set(variants.flatMap(({ scenario }) => cellNamesOf(scenario))),
  };
  const asked = [
    ...selection.variants.map((name) => ({ kind: 'variant' as const, other: 'flow', name })),
    ...selection.flows.map((name) => ({ kind: 'flow' as const, other: 'variant', name })),
  ];
  const isIn = (kind: 'variant' | 'flow', names: Iterable<string>, name: string): boolean =>
    [...names].some((one) => (kind === 'variant' ? one === name : isNamed([name], one)));
  const unknown = asked.filter(({ kind, name }) => !isIn(kind, known[kind], name));
  if (unknown.length > 0)
    throw commandLineError(...unknown.map(({ kind, name }) => noSuch(kind, name, [...known[kind]])));
  const chosen = scenarios.map((loaded) => ({ loaded, plans: plansOf(loaded, selection) }));
  const plans = chosen.flatMap((one) => one.plans);
  const left = {
    variant: plans.map(({ variant }) => variant.name),
    flow: plans.flatMap(({ plan }) => cellNames(plan)),
  };
  const idle = asked.filter(({ kind, name }) => !isIn(kind, left[kind], name));
  if (idle.length > 0) {
    const clash = ({ kind, other, name }: (typeof idle)[number]) =>
      `--${kind} ${name}: nothing to run, because the selected ${other}s have no such ${kind}`;
    throw commandLineError(...idle.map(clash));
  }
  return chosen.filter((one) => one.plans.length > 0).map(({ loaded }) => loaded);
}
