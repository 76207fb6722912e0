import { InputError, type Mistake } from '../../errors.ts';
import { checkExpectations } from '../checks/check-expectations.ts';
import { checkLab, checkScenario } from '../checks/check.ts';
import { labWithProfiles, withProfiles } from '../profile-settings.ts';
import { labSchema, scenarioAsRead, type Lab, type ScenarioFile } from '../schema.ts';
import type { Problem } from '../problem.ts';
import type { YamlFile } from '../yaml-file.ts';
import { type Variant, variantOf } from './read-variant.ts';
import { read, throwAny } from './read-with-schema.ts';
import { LAB_PLACEHOLDERS, SCENARIO_PLACEHOLDERS } from './placeholders.ts';

/** A scenario with its lab: typed and checked. */
export interface Scenario {
  /** Path below `scenarios/` without the ending, e.g. `proxy-and-dsr/dsr`. */
  name: string;
  labName: string;
  lab: Lab;
  file: ScenarioFile;
  variants: Variant[];
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

/** Types a scenario without checking it against its lab and variants. @throws InputError */
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

/** Types and checks a scenario and all its variants. @throws InputError with every mistake at once */
export function readScenario(name: string, labName: string, lab: Lab, yaml: YamlFile): Scenario {
  const base = readAlone(yaml);
  if (base.data === null) throw new InputError(base.mistakes);
  const file = base.data;
  const declared = Object.entries(file.variants);
  const all: [string, ScenarioFile['variants'][string]][] =
    declared.length > 0 ? declared : [['base', { title: 'As written', change: {}, expect: {} }]];
  const check = (scenario: ScenarioFile): Problem[] => [
    ...checkScenario(scenario, lab),
    ...checkExpectations(scenario, labWithProfiles(lab, scenario)),
  ];
  const attempt = (name: string, variant: ScenarioFile['variants'][string], known: Set<string> | null = null) =>
    valueOrMistakes(() => variantOf({ name, variant, yaml, check, known }));
  const messagesOfBase = (): string[] => attempt('', { change: {}, expect: {} }).mistakes.map(({ message }) => message);
  const known = declared.length === 0 ? null : new Set(messagesOfBase());
  const results = all.map(([variantName, variant]) => attempt(variantName, variant, known));
  const mistakes = [...base.mistakes, ...results.flatMap((result) => result.mistakes)];
  const variants = results.flatMap(({ value }) => value ?? []);
  throwAny(mistakes);
  return { name, labName, lab, file, variants };
}

function valueOrMistakes<T>(work: () => T): { value: T | null; mistakes: Mistake[] } {
  try {
    return { value: work(), mistakes: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { value: null, mistakes: error.mistakes };
  }
}
