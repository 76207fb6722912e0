import type * as z from 'zod';
import { InputError, type Mistake } from '../errors.ts';
import { checkExpectations } from './check-expectations.ts';
import { checkLab, checkScenario } from './check.ts';
import { labWithProfiles, profileBehind, withProfiles } from './profile-settings.ts';
import { mergePatch } from './merge-patch.ts';
import type { SourcePosition } from '../terms/plan.ts';
import { labSchema, scenarioAsRead, type Lab, type ScenarioFile } from './schema.ts';
import { didYouMean, noSuch } from '../did-you-mean.ts';
import { plainIssues } from '../../lb/terms/messages.ts';
import { messageFor } from './messages.ts';
import type { Problem } from './problem.ts';
import { type Placeholders, overlap, validPart, valueAt } from './partial-validation.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** A scenario with its lab: typed and checked. */
export interface Scenario {
  /** Path below `scenarios/` without the ending, e.g. `proxy-and-dsr/dsr`. */
  name: string;
  labName: string;
  lab: Lab;
  file: ScenarioFile;
  variants: Variant[];
}

/** The scenario with one thing changed. */
export interface Variant {
  name: string;
  title: string;
  change: Record<string, unknown>;
  /** The scenario after the change, with this variant's expectations. */
  scenario: ScenarioFile;
  /** Where a value of the changed scenario was written. */
  locate(path: Path): SourcePosition;
}

/** Types and checks a lab. @throws InputError with every mistake at once */
export function readLab(yaml: YamlFile): Lab {
  const { data, mistakes } = read(labSchema, yaml, {
    value: yaml.value,
    placeholders: LAB_PLACEHOLDERS,
    check: checkLab,
    locate: yaml.locate,
  });
  throwAny(mistakes);
  return data!;
}

/** Types a scenario, which its lab and its variants are not held against yet. @throws InputError */
export function readScenarioFile(yaml: YamlFile): ScenarioFile {
  const { data, mistakes } = readAlone(yaml);
  throwAny(mistakes);
  return data!;
}

function readAlone(yaml: YamlFile) {
  const value = withProfiles(yaml.value);
  return read(scenarioAsRead, yaml, {
    value,
    placeholders: SCENARIO_PLACEHOLDERS,
    check: () => [],
    locate: yaml.locate,
  });
}

const LAB_PLACEHOLDERS: Placeholders = {
  title: 'untitled',
  nodes: { '*': { role: 'client' } },
  links: { '*': { '*': null } },
};

const SCENARIO_PLACEHOLDERS: Placeholders = {
  title: 'untitled',
  lab: '',
  services: { '*': { vip: '192.0.2.1', port: 1, mode: 'dnat', pool: ['server'] } },
  names: { '*': { server: 'server', records: [] } },
  flows: { '*': { from: 'caller', to: 'server', expect: 'works' } },
  streams: { '*': { from: 'caller', to: 'server', every: '1s' } },
  steps: { '*': { for: '1s' } },
};

/** Types and checks a scenario and all its variants. @throws InputError with every mistake at once */
export function readScenario(name: string, labName: string, lab: Lab, yaml: YamlFile): Scenario {
  const base = readAlone(yaml);
  if (base.data === null) throw new InputError(base.mistakes);
  const file = base.data;
  const declared = Object.entries(file.variants);
  const all: [string, ScenarioFile['variants'][string]][] =
    declared.length > 0 ? declared : [['base', { title: 'As written', change: {}, expect: {} }]];
  const mistakes: Mistake[] = [...base.mistakes];
  const variants: Variant[] = [];
  for (const [variantName, variant] of all) {
    try {
      const check = (scenario: ScenarioFile): Problem[] => [
        ...checkScenario(scenario, lab),
        ...checkExpectations(scenario, labWithProfiles(lab, scenario)),
      ];
      variants.push(variantOf({ name: variantName, variant, yaml, check }));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes);
    }
  }
  throwAny(mistakes);
  return { name, labName, lab, file, variants };
}

interface Declared {
  title?: string | undefined;
  change: Record<string, unknown>;
  expect: Record<string, unknown>;
}

/** A change that no file declares; expectations are those of before it, and may be beyond what it lets happen. */
export function readVariant(name: string, variant: Declared, lab: Lab, yaml: YamlFile): Variant {
  return variantOf({ name, variant, yaml, check: (scenario) => checkScenario(scenario, lab) });
}

/** Applies a merge patch to the scenario and checks the result. */
function variantOf({
  name,
  variant,
  yaml,
  check,
}: {
  name: string;
  variant: Declared;
  yaml: YamlFile;
  check: (scenario: ScenarioFile) => Problem[];
}): Variant {
  const locate = (path: Path): SourcePosition => locateInVariant(yaml, name, path);
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
    // What half of a flow or a service lacks is reported in one line.
    skip: incomplete.map(({ path }) => path),
    check: (scenario) =>
      check(scenario).map((problem) => blamedOnRemoval(blamedOnProfile(problem, written), variant.change)),
    locate,
  });
  throwAny([...own, ...mistakes]);
  return { name, title: variant.title ?? name, change: variant.change, scenario: data!, locate };
}

interface Merged {
  flows?: Record<string, object>;
  steps?: Record<string, { expect?: object }>;
}

/** Flows and steps as written, with the expectations of a variant: of a flow, or of a stream in a step. */
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

/** Flows and services of which a variant says a part as if the scenario had them: most likely it has, by another name. */
function incompleteEntries(
  { change, expect }: { change: unknown; expect: Record<string, unknown> },
  base: unknown,
): Problem[] {
  return (['flows', 'services', 'names', 'streams', 'steps'] as const).flatMap((kind) => {
    const known = Object.keys(valueAt(base, [kind]) ?? {});
    return Object.entries(valueAt(change, [kind]) ?? {}).flatMap(([name, declared]: [string, unknown]) => {
      const expected = kind === 'flows' && Object.hasOwn(expect, name) ? ['expect'] : [];
      const needed = valueAt(declared, ['mode']) === 'route' ? NEEDED.routeServices : NEEDED[kind];
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

function locateInVariant(yaml: YamlFile, variant: string, path: Path): SourcePosition {
  if (path[0] === 'flows' && path[2] === 'expect' && has(yaml.value, ['variants', variant, 'expect', path[1]!])) {
    return yaml.locate(['variants', variant, 'expect', path[1]!, ...path.slice(3)]);
  }
  if (path[0] === 'steps' && path[2] === 'expect') {
    const own = ['variants', variant, 'expect', `${path[1]}.${path[3]}`];
    if (has(yaml.value, own)) return yaml.locate([...own, ...path.slice(4)]);
  }
  const changed = ['variants', variant, 'change', ...path];
  return yaml.locate(has(yaml.value, changed) ? changed : path);
}

function has(value: unknown, path: Path): boolean {
  return valueAt(value, path) !== undefined;
}

interface Reading<T> {
  value: unknown;
  placeholders: Placeholders;
  /** Paths of which nothing more is to be reported. */
  skip?: Path[];
  /** What is wrong beyond the schema. */
  check: (data: T) => Problem[];
  locate: (path: Path) => SourcePosition;
}

/**
 * Types and checks a value. Where the schema refuses a part of it, the rest is checked nevertheless, as far as it does
 * not hang on that part.
 * @returns the value, or what is left of it; null where that is nothing
 */
function read<T extends z.ZodType>(
  schema: T,
  yaml: YamlFile,
  { value, placeholders, skip = [], check, locate }: Reading<z.infer<T>>,
): { data: z.infer<T> | null; mistakes: Mistake[] } {
  throwAny(yaml.mistakes);
  const result = schema.safeParse(value, { error: messageFor });
  const skipped = (path: Path): boolean => skip.some((left) => left.every((step, i) => step === path[i]));
  if (result.success) {
    return { data: result.data, mistakes: check(result.data).map((problem) => mistakeAt(problem, locate)) };
  }
  const reported = plainIssues(result.error.issues)
    .flatMap(mistakesOf)
    .filter(({ path }) => !skipped(path))
    .map(({ at, ...problem }) => mistakeAt(problem, () => locate(at)));
  const rest = validPart(schema, value, placeholders);
  if (!rest) return { data: null, mistakes: reported };
  const sure = check(rest.data)
    .map((problem) => ({ ...problem, path: rest.sourcePath(problem.path) }))
    .filter((problem) => isSure(problem, rest.removed));
  return { data: rest.data, mistakes: [...reported, ...sure.map((problem) => mistakeAt(problem, locate))] };
}

/** Whether a problem would be one as well if what was removed out were right. */
function isSure({ path, dependsOn }: Problem, removed: Path[]): boolean {
  const whole = path.slice(0, path[0] === 'servers' ? 1 : 2);
  return ![path, ...(dependsOn ?? [whole])].some((source) => removed.some((without) => overlap(source, without)));
}

/** @returns problems, and where each stands: of a field that there is not, at the field */
function mistakesOf(issue: z.core.$ZodIssue): (Problem & { at: Path })[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, i) => ({ path, at: [...path, key], message: messages[i]! }));
  }
  const messages =
    issue.code === 'invalid_key' || issue.code === 'invalid_element'
      ? issue.issues.map((inner) => inner.message)
      : [issue.message];
  return messages.map((message) => ({ path, at: path, message }));
}

function mistakeAt({ path, message }: Problem, locate: (path: Path) => SourcePosition): Mistake {
  return { ...locate(path), message: path.length > 0 ? `${path.join('.')}: ${message}` : message };
}

function throwAny(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new InputError(mistakes);
}
