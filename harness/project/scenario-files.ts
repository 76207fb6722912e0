import type { LoadedScenario } from '../scenario/plans.ts';
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { didYouMean } from '../did-you-mean.ts';
import { InputError, L4labError, type Mistake } from '../errors.ts';
import { readLab, readScenario, readScenarioFile } from '../scenario/read.ts';
import type { Lab } from '../scenario/schema.ts';
import { parseYaml, type YamlFile } from '../scenario/yaml-file.ts';

/**
 * Finds scenario files by path (a file or a folder), by name below `scenarios/` (`basics/protocols`), by a part of one
 * between slashes (`basics`, `protocols`), or by the beginning of either. No words mean all of them, in the order of their
 * names.
 * @throws L4labError `invalid-input` for words that name none, with what may be meant
 */
export function findScenarios(root: string, words: string[]): string[] {
  const all = yamlFilesBelow(join(root, 'scenarios'));
  if (words.length === 0) return all;
  const named = all.map((file) => ({ file, name: scenarioName(root, file) }));
  const found = words.map((word) => ({ word, files: filesAt(word, false) ?? filesNamed(word, 'scenarios', named) }));
  const unknown = found.filter(({ files }) => files.length === 0);
  if (unknown.length > 0)
    throw noneNamed(
      root,
      unknown.map(({ word }) => word),
      named,
    );
  return [...new Set(found.flatMap(({ files }) => files))];
}

/** Lab files by path, or by name in `labs/`; none where a word names none. No words mean all of `labs/`. */
export function findLabs(root: string, words: string[]): string[] {
  const labs = yamlFilesBelow(join(root, 'labs')).map((file) => ({ file, name: labName(root, file) }));
  if (words.length === 0) return labs.map(({ file }) => file);
  const exact = (word: string): string[] => labs.filter(({ name }) => name === word).map(({ file }) => file);
  return [...new Set(words.flatMap((word) => filesAt(word, true) ?? exact(word)))];
}

/** Named without a slash as well; any other folder may be the beginning of a name. */
const FOLDERS = ['labs', 'scenarios'];

interface NamedFile {
  file: string;
  name: string;
}

/** Files of one kind at a path; null where the path leads to no YAML. */
function filesAt(word: string, labs: boolean): string[] | null {
  // A scenario elsewhere is named by its path without the ending, also in the command that runs it again.
  const file = [word, `${word}.yaml`, `${word}.yml`].find((path) => /\.ya?ml$/.test(path) && isFile(resolve(path)));
  const isFolder =
    (word.includes('/') || FOLDERS.includes(word)) && existsSync(resolve(word)) && !isFile(resolve(word));
  const files = file !== undefined ? [resolve(file)] : isFolder ? yamlFilesBelow(resolve(word)) : [];
  if (files.length === 0) return null;
  return files.filter((path) => isLabFile(path) === labs);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Only labs have links, and a mistake may be anywhere. */
function isLabFile(path: string): boolean {
  return /^links *:/m.test(readFileSync(path, 'utf8'));
}

function filesNamed(word: string, folder: string, all: NamedFile[]): string[] {
  const name = word.replace(new RegExp(`^${folder}/`), '').replace(/\/$/, '');
  const ways: ((own: string) => boolean)[] = [
    (own) => own === name || own.startsWith(`${name}/`) || own.endsWith(`/${name}`),
    (own) => own.startsWith(name) || own.includes(`/${name}`),
  ];
  const way = ways.find((fits) => all.some((one) => fits(one.name)));
  return way ? all.filter((one) => way(one.name)).map(({ file }) => file) : [];
}

function noneNamed(root: string, words: string[], scenarios: NamedFile[]): L4labError {
  const labs = labNames(root);
  const known = scenarios.flatMap(({ name }) => [name, name.split('/').at(-1)!]);
  const lines = words.map((word) => {
    const lab = findLabs(root, [word]).map((file) => labName(root, file))[0];
    if (lab !== undefined) {
      const on = scenarios.filter(({ file }) => labOfScenario(file) === lab).map(({ name }) => name);
      return `\`${word}\` is a lab${on.length > 0 ? `; scenarios on it are ${on.join(', ')}` : ', and no scenario is on it'}`;
    }
    return `\`${word}\` is neither a file nor the name of a scenario${didYouMean(word, [...known, ...labs])}; \`npx l4lab list\` lists them`;
  });
  return new L4labError('invalid-input', lines.join('\n'));
}

function labOfScenario(file: string): string | undefined {
  return /^lab: *([^\s#]+)/m.exec(readFileSync(file, 'utf8'))?.[1];
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
  const refuse = (message: string): InputError =>
    new InputError([{ ...yaml.locate(['lab']), message: `lab: ${message}` }]);
  if (!existsSync(path)) {
    const known = labNames(root);
    throw refuse(`no lab is named \`${name}\`${didYouMean(name, known)}; labs are ${known.join(', ')}`);
  }
  if (!isFile(path)) throw refuse(`\`${name}\` is a folder; name a file in it`);
  // Whatever else it is, its text is not to be quoted in messages.
  if (!/\.ya?ml$/.test(path)) throw refuse(`\`${name}\` is not a YAML file`);
  if (!isReadable(path)) throw refuse(`\`${name}\` cannot be read; see to its permissions`);
  return loadLab(root, path).lab;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
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

/** A lab, and the text it was read from. */
export interface LoadedLab {
  name: string;
  lab: Lab;
  yaml: YamlFile;
}

/** Reads a lab's file. @throws InputError with every mistake at once */
export function loadLab(root: string, file: string): LoadedLab {
  const yaml = parseYaml(relative(root, file), read(root, file));
  return { name: labName(root, file), lab: readLab(yaml), yaml };
}

/** Name of a lab file: its path below `labs/` without the ending, else its path as given. */
function labName(root: string, file: string): string {
  const below = relative(join(root, 'labs'), file);
  return (below.startsWith('..') ? relative(root, file) : below).replace(/\.ya?ml$/, '');
}

/** A name stands for a file in `labs/`, a path for itself. */
function labPath(root: string, folder: string, name: string): string {
  return name.includes('/') || name.endsWith('.yaml') ? resolve(folder, name) : join(root, 'labs', `${name}.yaml`);
}

/** Names of the labs in `labs/`. */
function labNames(root: string): string[] {
  return yamlFilesBelow(join(root, 'labs'))
    .map((file) => labName(root, file))
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
