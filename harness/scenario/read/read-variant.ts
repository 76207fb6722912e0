import { checkScenario } from '../checks/check.ts';
import { profileBehind, withProfiles } from '../profile-settings.ts';
import { mergePatch } from '../merge-patch.ts';
import type { Mistake } from '../../errors.ts';
import { isRoute } from '../../terms/mode.ts';
import type { SourcePosition } from '../../terms/plan.ts';
import { scenarioAsRead, type Lab, type ScenarioFile } from '../schema.ts';
import { didYouMean, noSuch } from '../../did-you-mean.ts';
import type { Problem } from '../problem.ts';
import { valueAt } from '../partial-validation.ts';
import type { Path, YamlFile } from '../yaml-file.ts';
import { SCENARIO_PLACEHOLDERS } from './placeholders.ts';
import { read, throwAny } from './read-with-schema.ts';

/** The scenario with one thing changed. */
export interface Variant {
  name: string;
  title: string;
  change: Record<string, unknown>;
  /** The scenario after the change, with this variant's expectations. */
  scenario: ScenarioFile;
  /** Position of a value of the changed scenario. */
  locate(path: Path): SourcePosition;
}

interface Declared {
  title?: string | undefined;
  change: Record<string, unknown>;
  expect: Record<string, unknown>;
}

/** A change that is in no file; keeps the previous expectations, which may no longer be possible. */
export function readVariant(name: string, variant: Declared, lab: Lab, yaml: YamlFile): Variant {
  return variantOf({ name, variant, yaml, check: (scenario) => checkScenario(scenario, lab) });
}

/**
 * Applies a merge patch to the scenario and checks the result.
 * @param known messages about the scenario without the patch; others that are shown outside of the variant name it
 */
export function variantOf({
  name,
  variant,
  yaml,
  check,
  known: before = null,
}: {
  name: string;
  variant: Declared;
  yaml: YamlFile;
  check: (scenario: ScenarioFile) => Problem[];
  known?: Set<string> | null;
}): Variant {
  const outside = new Set<string>();
  const locate = (path: Path): SourcePosition => {
    const written = pathInVariant(yaml.value, name, path);
    const at = yaml.locate(written);
    if (written[0] !== 'variants') outside.add(placeOf(at));
    return at;
  };
  const incomplete = incompleteEntries(variant, yaml.value);
  const merged = mergePatch(yaml.value, variant.change) as Merged;
  const { known, strangers, flows, steps } = withExpectations(merged, variant.expect);
  const own = [
    ...Object.keys(variant.change)
      .filter((key) => !CHANGEABLE.includes(key))
      .map((key) => ({
        path: ['change', key],
        message: `change: a variant cannot change \`${key}\`${didYouMean(key, CHANGEABLE)}; it can change ${CHANGEABLE.join(', ')}`,
      })),
    ...strangers.map((name) => ({
      path: ['expect', name],
      message: `expect: ${noSuch('flow', name, known)}`,
    })),
    ...incomplete.map(({ path, message }) => ({ path: ['change', ...path], message: `change.${message}` })),
  ].map(({ path, message }) => ({
    ...yaml.locate(['variants', name, ...path]),
    message: `variants.${name}.${message}`,
  }));
  const written = {
    ...merged,
    ...(merged.flows === undefined ? {} : { flows }),
    ...(merged.steps === undefined ? {} : { steps }),
  };
  const { data, mistakes } = read(scenarioAsRead, yaml, {
    value: withProfiles(written),
    placeholders: SCENARIO_PLACEHOLDERS,
    // Missing fields of an incomplete flow or service are reported in one line.
    skip: incomplete.map(({ path }) => path),
    check: (scenario) =>
      check(scenario).map((problem) => blamedOnRemoval(blamedOnProfile(problem, written), variant.change)),
    locate,
  });
  const isNew = (mistake: Mistake): boolean =>
    before !== null && outside.has(placeOf(mistake)) && !before.has(mistake.message);
  throwAny([...own, ...mistakes.map((mistake) => (isNew(mistake) ? named(mistake, name) : mistake))]);
  return { name, title: variant.title ?? name, change: variant.change, scenario: data!, locate };
}

interface Merged {
  flows?: Record<string, object>;
  steps?: Record<string, { expect?: object }>;
}

/** Flows and steps as written, with a variant's expectations. */
function withExpectations(merged: Merged, expect: Record<string, unknown>) {
  const flows: Record<string, unknown> = { ...merged.flows };
  const steps: Record<string, unknown> = { ...merged.steps };
  const cells = Object.entries(merged.steps ?? {}).flatMap(([step, declared]) =>
    Object.keys(declared?.expect ?? {}).map((stream) => ({ name: `${step}.${stream}`, step, stream })),
  );
  const strangers: string[] = [];
  for (const [name, declared] of Object.entries(expect)) {
    const cell = cells.find((one) => one.name === name);
    if (Object.hasOwn(flows, name)) flows[name] = { ...merged.flows?.[name], expect: declared };
    else if (cell) {
      const step = steps[cell.step] as { expect?: object };
      steps[cell.step] = { ...step, expect: { ...step.expect, [cell.stream]: declared } };
    } else strangers.push(name);
  }
  return { known: [...Object.keys(flows), ...cells.map(({ name }) => name)], strangers, flows, steps };
}

function blamedOnProfile(problem: Problem, written: unknown): Problem {
  const like = profileBehind(written, problem.path);
  return like === null ? problem : { ...problem, message: `${problem.message} (set by \`like: ${like}\`)` };
}

function blamedOnRemoval(problem: Problem, change: unknown): Problem {
  const { path, missing } = problem;
  if (missing === undefined || valueAt(change, missing) !== null) return problem;
  return { ...problem, path: missing, message: `is removed here, but ${path.join('.')} still uses it` };
}

const CHANGEABLE = ['servers', 'nodes', 'services', 'names', 'pairs', 'flows', 'streams', 'steps', 'neighbours'];

const NEEDED = {
  flows: ['from', 'to', 'expect'],
  services: ['vip', 'port', 'mode', 'pool'],
  routeServices: ['to', 'mode', 'nextHops', 'hash'],
  names: ['server', 'records'],
  streams: ['from', 'to', 'every'],
  steps: ['for'],
};

/** Partial flows and services in a variant that the scenario does not have: probably misspelt names. */
function incompleteEntries(
  { change, expect }: { change: unknown; expect: Record<string, unknown> },
  base: unknown,
): Problem[] {
  return (['flows', 'services', 'names', 'streams', 'steps'] as const).flatMap((kind) => {
    const known = Object.keys(valueAt(base, [kind]) ?? {});
    return Object.entries(valueAt(change, [kind]) ?? {}).flatMap(([name, declared]: [string, unknown]) => {
      const expected = kind === 'flows' && Object.hasOwn(expect, name) ? ['expect'] : [];
      const needed = isRoute({ mode: valueAt(declared, ['mode']) }) ? NEEDED.routeServices : NEEDED[kind];
      const isDeclared = (key: string): boolean => valueAt(declared, [key]) !== undefined;
      const whole = needed.every(
        (key) => expected.includes(key) || isDeclared(key) || (key === 'mode' && isDeclared('like')),
      );
      if (known.includes(name) || whole || typeof declared !== 'object' || declared === null) return [];
      const what = noSuch(kind.slice(0, -1), name, known);
      return [{ path: [kind, name], message: `${kind}: ${what}; a new one needs ${needed.join(', ')}` }];
    });
  });
}

/** Says which variant has a mistake that is shown outside of it. */
function named(mistake: Mistake, variant: string): Mistake {
  return { ...mistake, message: `${mistake.message} (variant ${variant})` };
}

function placeOf({ line, col }: SourcePosition): string {
  return `${line}:${col}`;
}

/** Where a value of a variant is written: in the variant if it sets it, or most of the path to it. */
function pathInVariant(value: unknown, variant: string, path: Path): Path {
  if (path[0] === 'flows' && path[2] === 'expect' && has(value, ['variants', variant, 'expect', path[1]!])) {
    return ['variants', variant, 'expect', path[1]!, ...path.slice(3)];
  }
  if (path[0] === 'steps' && path[2] === 'expect') {
    const own = ['variants', variant, 'expect', `${path[1]}.${path[3]}`];
    if (has(value, own)) return [...own, ...path.slice(4)];
  }
  const change = ['variants', variant, 'change'];
  const changed = depthOf(valueAt(value, change), path);
  const isChanged = changed === path.length || (changed > 0 && changed > depthOf(value, path));
  return isChanged ? [...change, ...path] : path;
}

/** Number of steps of a path that exist in a value. */
function depthOf(value: unknown, path: Path): number {
  const missing = path.findIndex((_, index) => !has(value, path.slice(0, index + 1)));
  return missing === -1 ? path.length : missing;
}

function has(value: unknown, path: Path): boolean {
  return valueAt(value, path) !== undefined;
}
