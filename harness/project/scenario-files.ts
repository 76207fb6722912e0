import type { LoadedScenario } from '../scenario/plans.ts';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { didYouMean } from '../did-you-mean.ts';
import { InputError, type Mistake } from '../errors.ts';
import { readLab, readScenario, readScenarioFile } from '../scenario/read.ts';
import type { Lab } from '../scenario/schema.ts';
import { parseYaml, type YamlFile } from '../scenario/yaml-file.ts';

/**
 * Finds scenario files by path, by name below `scenarios/` (`proxy-and-dsr/dsr`), or by the beginning of one (`proxy-and-dsr`).
 * No words mean all of them, in the order of their names.
 * @throws InputError for a word that names none
 */
export function findScenarios(root: string, names: string[]): string[] {
  const all = yamlFilesBelow(join(root, 'scenarios'));
  if (names.length === 0) return all;
  return [...new Set(names.flatMap((word) => matches(root, all, word)))];
}

function matches(root: string, all: string[], word: string): string[] {
  // A scenario elsewhere is named by its path without the ending, also in the command that runs it again.
  const file = [word, `${word}.yaml`, `${word}.yml`].find((path) => /\.ya?ml$/.test(path) && existsSync(resolve(path)));
  if (file !== undefined) return [resolve(file)];
  const name = word.replace(/^scenarios\//, '').replace(/\/$/, '');
  const found = all.filter((file) => {
    const own = scenarioName(root, file);
    return own === name || own.startsWith(`${name}/`) || own.endsWith(`/${name}`);
  });
  if (found.length > 0) return found;
  const known = all.map((file) => scenarioName(root, file));
  const message = `is neither a file nor the name of a scenario${didYouMean(name, known)}; scenarios are ${known.join(', ')}`;
  throw new InputError([{ file: word, line: 1, col: 1, message }]);
}

/** Name of a scenario file: its path below `scenarios/` without the ending, else its path as given. */
export function scenarioName(root: string, file: string): string {
  const below = relative(join(root, 'scenarios'), file);
  return (below.startsWith('..') ? relative(root, file) : below).replace(/\.ya?ml$/, '');
}

/** Reads a scenario and its lab. @throws InputError with every mistake at once */
export function loadScenario(root: string, file: string): LoadedScenario {
  const yaml = parseYaml(relative(root, file), read(root, file));
  const mistakes: Mistake[] = [];
  const lab = collect(mistakes, () => labNamedBy(root, file, yaml));
  if (lab)
    return { scenario: readScenario(scenarioName(root, file), (yaml.value as { lab: string }).lab, lab, yaml), yaml };
  collect(mistakes, () => readScenarioFile(yaml));
  throw new InputError(mistakes);
}

/** Null when the scenario names no lab at all, which its own mistakes tell. */
function labNamedBy(root: string, file: string, yaml: YamlFile): Lab | null {
  const name = (yaml.value as { lab?: unknown } | null)?.lab;
  if (typeof name !== 'string') return null;
  const path = labPath(root, dirname(file), name);
  if (existsSync(path)) return labAt(root, path);
  const known = labNames(root).join(', ');
  throw new InputError([{ ...yaml.locate(['lab']), message: `lab: no lab is named \`${name}\`; labs are ${known}` }]);
}

/** The result of a reader; null when it found mistakes, which are added to the list. */
function collect<T>(mistakes: Mistake[], reader: () => T): T | null {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    mistakes.push(...error.mistakes);
    return null;
  }
}

/** A lab of `labs/` by its name. @throws InputError with every mistake at once */
export function labOf(root: string, name: string): Lab {
  return labAt(root, labPath(root, root, name));
}

function labAt(root: string, file: string): Lab {
  return readLab(parseYaml(relative(root, file), read(root, file)));
}

/** A name stands for a file in `labs/`, a path for itself. */
function labPath(root: string, folder: string, name: string): string {
  return name.includes('/') || name.endsWith('.yaml') ? resolve(folder, name) : join(root, 'labs', `${name}.yaml`);
}

/** Names of the labs in `labs/`. */
function labNames(root: string): string[] {
  return readdirSync(join(root, 'labs'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.replace(/\.yaml$/, ''))
    .sort();
}

function read(root: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError([
      { file: relative(root, file), line: 1, col: 1, message: `cannot be read: ${(error as Error).message}` },
    ]);
  }
}

function yamlFilesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}
