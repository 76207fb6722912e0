import type * as z from 'zod';
import { InputError, type Mistake } from '../errors.ts';
import { checkLab, checkScenario } from './check.ts';
import { mergePatch } from './merge-patch.ts';
import type { SourcePosition } from '../terms/plan.ts';
import { labSchema, scenarioSchema, type Lab, type ScenarioFile } from './schema.ts';
import { messageFor } from './messages.ts';
import type { Path, YamlFile } from './yaml-file.ts';
import type { Problem } from './problem.ts';

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
  const lab = parse(labSchema, yaml, yaml.value, (path) => yaml.locate(path));
  throwAny(checkLab(lab).map((problem) => mistakeAt(problem, (path) => yaml.locate(path))));
  return lab;
}

/** Types a scenario, which its lab and its variants are not held against yet. @throws InputError */
export function readScenarioFile(yaml: YamlFile): ScenarioFile {
  return parse(scenarioSchema, yaml, yaml.value, (path) => yaml.locate(path));
}

/** Types and checks a scenario and all its variants. @throws InputError with every mistake at once */
export function readScenario(name: string, labName: string, lab: Lab, yaml: YamlFile): Scenario {
  const file = readScenarioFile(yaml);
  const declared = Object.entries(file.variants);
  const all: [string, ScenarioFile['variants'][string]][] =
    declared.length > 0 ? declared : [['base', { title: 'As written', change: {}, expect: {} }]];
  const mistakes: Mistake[] = [];
  const variants: Variant[] = [];
  for (const [variantName, variant] of all) {
    try {
      variants.push(readVariant(variantName, variant, lab, yaml));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes);
    }
  }
  throwAny(mistakes);
  return { name, labName, lab, file, variants };
}

/** Applies a merge patch to the scenario and checks the result; also used for changes that no file declares. */
export function readVariant(
  name: string,
  variant: { title?: string | undefined; change: Record<string, unknown>; expect: Record<string, unknown> },
  lab: Lab,
  yaml: YamlFile,
): Variant {
  const locate = (path: Path): SourcePosition => locateInVariant(yaml, name, path);
  const merged = mergePatch(yaml.value, variant.change) as { flows?: Record<string, { expect?: unknown }> };
  const flows: Record<string, unknown> = { ...merged.flows };
  throwAny([
    ...Object.keys(variant.change)
      .filter((key) => !CHANGEABLE.includes(key))
      .map((key) => ({
        ...yaml.locate(['variants', name, 'change', key]),
        message: `variants.${name}.change: a variant cannot change \`${key}\`; it can change ${CHANGEABLE.join(', ')}`,
      })),
    ...Object.keys(variant.expect)
      .filter((flow) => !Object.hasOwn(flows, flow))
      .map((flow) => ({
        ...yaml.locate(['variants', name, 'expect', flow]),
        message: `variants.${name}.expect: no flow is named \`${flow}\`; flows are ${Object.keys(flows).join(', ')}`,
      })),
  ]);
  for (const [flow, expect] of Object.entries(variant.expect)) flows[flow] = { ...merged.flows?.[flow], expect };
  const scenario = parse(scenarioSchema, yaml, { ...merged, flows }, locate);
  throwAny(checkScenario(scenario, lab).map((problem) => mistakeAt(problem, locate)));
  return { name, title: variant.title ?? name, change: variant.change, scenario, locate };
}

const CHANGEABLE = ['servers', 'nodes', 'services', 'flows'];

function locateInVariant(yaml: YamlFile, variant: string, path: Path): SourcePosition {
  if (path[0] === 'flows' && path[2] === 'expect' && has(yaml.value, ['variants', variant, 'expect', path[1]!])) {
    return yaml.locate(['variants', variant, 'expect', path[1]!, ...path.slice(3)]);
  }
  const changed = ['variants', variant, 'change', ...path];
  return yaml.locate(has(yaml.value, changed) ? changed : path);
}

function has(value: unknown, path: Path): boolean {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !(step in current)) return false;
    current = (current as Record<string | number, unknown>)[step];
  }
  return true;
}

function parse<T extends z.ZodType>(
  schema: T,
  yaml: YamlFile,
  value: unknown,
  locate: (path: Path) => SourcePosition,
): z.infer<T> {
  throwAny(yaml.mistakes);
  const result = schema.safeParse(value, { error: messageFor });
  if (result.success) return result.data;
  throw new InputError(result.error.issues.flatMap((issue) => mistakesOf(issue, locate)));
}

function mistakesOf(issue: z.core.$ZodIssue, locate: (path: Path) => SourcePosition): Mistake[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      mistakeAt({ path, message: `unknown field \`${key}\`` }, () => locate([...path, key])),
    );
  }
  const messages =
    issue.code === 'invalid_key' || issue.code === 'invalid_element'
      ? issue.issues.map((inner) => inner.message)
      : [issue.message];
  return messages.map((message) => mistakeAt({ path, message }, locate));
}

function mistakeAt({ path, message }: Problem, locate: (path: Path) => SourcePosition): Mistake {
  return { ...locate(path), message: path.length > 0 ? `${path.join('.')}: ${message}` : message };
}

function throwAny(mistakes: Mistake[]): void {
  if (mistakes.length > 0) throw new InputError(mistakes);
}
