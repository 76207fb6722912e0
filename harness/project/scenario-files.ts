import type { LoadedScenario } from '../scenario/resolve/plans.ts';
import { accessSync, constants, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { didYouMean, noSuch } from '../did-you-mean.ts';
import { InputError, L4labError, type Mistake } from '../errors.ts';
import { readLab, readScenario, readScenarioFile } from '../scenario/read/read.ts';
import type { Lab } from '../scenario/schema.ts';
import { parseYaml, type YamlFile } from '../scenario/yaml-file.ts';
import type { Project } from './project.ts';

/**
 * Finds scenario files by path (a file or a folder), by name below `scenarios/` (`basics/protocols`), by one part of a
 * name (`basics`, `protocols`), or by the beginning of either. Without words, all of them, sorted by name. Words that
 * match no scenario of the project may be the whole name of a shipped example, or its folder.
 * @throws L4labError `invalid-input` for words without a match, with suggestions; and if there are no scenarios
 */
export function findScenarios(project: Project, names: string[]): string[] {
  const all = allScenarios(project);
  if (names.length === 0) {
    if (all.length === 0)
      throw new L4labError(
        'invalid-input',
        `no scenarios in ${project.folders.scenarios}; \`npx l4lab init\` creates the first one`,
      );
    return all;
  }
  const named = all.map((file) => ({ file, name: scenarioName(project, file) }));
  const found = names.map((given) => ({ given, files: scenariosNamed(project, given, named) }));
  const unknown = found.filter(({ files }) => files.length === 0);
  if (unknown.length > 0)
    throw noneNamed(
      project,
      unknown.map(({ given }) => given),
      named,
    );
  return [...new Set(found.flatMap(({ files }) => files))];
}

function scenariosNamed(project: Project, given: string, own: NamedFile[]): string[] {
  const found = filesAt(given, false) ?? filesNamed(given, 'scenarios', own);
  if (found.length > 0) return found;
  // If parts of names matched, an example could run instead of a misspelt scenario of the project.
  return examplesOf(project).filter((file) =>
    `${scenarioName(project, file)}/`.startsWith(`${given.replace(/\/$/, '')}/`),
  );
}

/** All shipped examples, sorted by name; empty in l4lab's own repository. */
export function examplesOf({ folders }: Project): string[] {
  return folders.examples === undefined ? [] : yamlFilesBelow(folders.examples);
}

/** All scenario files of a project, sorted by name. */
export function allScenarios(project: Project): string[] {
  return yamlFilesBelow(project.folders.scenarios);
}

/** Lab files by path or name; empty for unknown words. Without words, the project's own labs. */
export function findLabs(project: Project, names: string[]): string[] {
  const labs = (names.length === 0 ? ownLabs(project) : allLabs(project)).map((file) => ({
    file,
    name: labName(project, file),
  }));
  if (names.length === 0) return labs.map(({ file }) => file);
  const exact = (given: string): string[] => labs.filter(({ name }) => name === given).map(({ file }) => file);
  return [...new Set(names.flatMap((given) => filesAt(given, true) ?? exact(given)))];
}

/** The project's own lab files, sorted by name. */
export function ownLabs(project: Project): string[] {
  return yamlFilesBelow(project.folders.labs[0]!);
}

/** All labs: the project's own, then shipped ones whose names it does not use. */
export function allLabs(project: Project): string[] {
  const files = new Map<string, string>();
  for (const file of project.folders.labs.flatMap(yamlFilesBelow)) {
    const name = labName(project, file);
    if (!files.has(name)) files.set(name, file);
  }
  return [...files.values()];
}

/** Folders that need no slash; any other word may be the beginning of a name. */
const FOLDERS = ['labs', 'scenarios'];

interface NamedFile {
  file: string;
  name: string;
}

/** Files of one kind at a path; null without YAML files. */
function filesAt(given: string, labs: boolean): string[] | null {
  // The name of a scenario outside `scenarios/` is its path without the ending, also in the command that runs it again.
  const file = [given, `${given}.yaml`, `${given}.yml`].find((path) => /\.ya?ml$/.test(path) && isFile(resolve(path)));
  const isFolder =
    (given.includes('/') || FOLDERS.includes(given)) && existsSync(resolve(given)) && !isFile(resolve(given));
  const files = file !== undefined ? [resolve(file)] : isFolder ? yamlFilesBelow(resolve(given)) : [];
  if (files.length === 0) return null;
  return files.filter((path) => isLabFile(path) === labs);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Only labs have links, so invalid files are recognized too. */
function isLabFile(path: string): boolean {
  return /^links *:/m.test(readFileSync(path, 'utf8'));
}

function filesNamed(given: string, folder: string, all: NamedFile[]): string[] {
  const name = given.replace(new RegExp(`^${folder}/`), '').replace(/\/$/, '');
  const matchers: ((own: string) => boolean)[] = [
    (own) => own === name || own.startsWith(`${name}/`) || own.endsWith(`/${name}`),
    (own) => own.startsWith(name) || own.includes(`/${name}`),
  ];
  const matches = matchers.find((fits) => all.some((one) => fits(one.name)));
  return matches ? all.filter((one) => matches(one.name)).map(({ file }) => file) : [];
}

function noneNamed(project: Project, names: string[], scenarios: NamedFile[]): L4labError {
  const labs = labNames(project);
  const examples = examplesOf(project).map((file) => scenarioName(project, file));
  const known = [...scenarios.flatMap(({ name }) => [name, name.split('/').at(-1)!]), ...examples];
  const lines = names.map((given) => {
    const lab = findLabs(project, [given]).map((file) => labName(project, file))[0];
    if (lab !== undefined) {
      const on = scenarios.filter(({ file }) => labOfScenario(file) === lab).map(({ name }) => name);
      return `\`${given}\` is a lab${on.length > 0 ? `; scenarios on it are ${on.join(', ')}` : ', and no scenario is on it'}`;
    }
    return `unknown scenario \`${given}\`${didYouMean(given, [...known, ...labs])}; \`npx l4lab list\` shows all scenarios`;
  });
  return new L4labError('invalid-input', lines.join('\n'));
}

function labOfScenario(file: string): string | undefined {
  return /^lab: *([^\s#]+)/m.exec(readFileSync(file, 'utf8'))?.[1];
}

/** Name of a scenario file: its path below `scenarios/` without the ending, else its path as given. */
export function scenarioName({ root, folders }: Project, file: string): string {
  const folder = [folders.scenarios, folders.examples].find((one) => one !== undefined && isBelow(one, file));
  return relative(folder ?? root, file).replace(/\.ya?ml$/, '');
}

function isBelow(folder: string, file: string): boolean {
  return !relative(folder, file).startsWith('..');
}

/** Reads a scenario and its lab. @throws InputError with every mistake at once */
export function loadScenario(project: Project, file: string): LoadedScenario {
  const yaml = parseYaml(relative(project.root, file), read(project, file));
  const mistakes: Mistake[] = [];
  const lab = collect(mistakes, () => labNamedBy(project, file, yaml));
  if (lab)
    return {
      scenario: readScenario(scenarioName(project, file), (yaml.value as { lab: string }).lab, lab, yaml),
      yaml,
    };
  collect(mistakes, () => readScenarioFile(yaml));
  throw new InputError(mistakes);
}

/** Loads all valid files, and reports the mistakes of the others. */
export function loadEach<T>(
  project: Project,
  files: string[],
  load: (project: Project, file: string) => T,
): { loaded: T[]; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const loaded = files.flatMap((file) => {
    try {
      return [load(project, file)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      mistakes.push(...error.mistakes);
      return [];
    }
  });
  return { loaded, mistakes };
}

/** Lab file of a scenario, even if either is invalid; null if it names none. */
export function labFileOf(project: Project, file: string): string | null {
  const yaml = collect([], () => parseYaml(relative(project.root, file), read(project, file)));
  const name = (yaml?.value as { lab?: unknown } | null | undefined)?.lab;
  return typeof name === 'string' ? labPath(project, dirname(file), name) : null;
}

/** Null if the scenario names no lab, which is reported as its own mistake. */
function labNamedBy(project: Project, file: string, yaml: YamlFile): Lab | null {
  const name = (yaml.value as { lab?: unknown } | null)?.lab;
  if (typeof name !== 'string') return null;
  const path = labPath(project, dirname(file), name);
  const refuse = (message: string): InputError =>
    new InputError([{ ...yaml.locate(['lab']), message: `lab: ${message}` }]);
  if (!existsSync(path)) {
    const known = labNames(project);
    throw refuse(noSuch('lab', name, known));
  }
  if (!isFile(path)) throw refuse(`\`${name}\` is a folder; name a file in it`);
  // Messages must not quote text of other files.
  if (!/\.ya?ml$/.test(path)) throw refuse(`\`${name}\` is not a YAML file`);
  if (!isReadable(path)) throw refuse(`\`${name}\` cannot be read (check its permissions)`);
  return loadLab(project, path).lab;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** The result of a reader; null if it found mistakes, which are added to the list. */
function collect<T>(mistakes: Mistake[], reader: () => T): T | null {
  try {
    return reader();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    mistakes.push(...error.mistakes);
    return null;
  }
}

/** A lab and its YAML text. */
export interface LoadedLab {
  name: string;
  lab: Lab;
  yaml: YamlFile;
}

/** Reads a lab's file. @throws InputError with every mistake at once */
export function loadLab(project: Project, file: string): LoadedLab {
  const yaml = parseYaml(relative(project.root, file), read(project, file));
  return { name: labName(project, file), lab: readLab(yaml), yaml };
}

/** Name of a lab file: its path below the folder of labs without the ending, else its path as given. */
function labName({ root, folders }: Project, file: string): string {
  const below = folders.labs.map((folder) => relative(folder, file)).find((path) => !path.startsWith('..'));
  return (below ?? relative(root, file)).replace(/\.ya?ml$/, '');
}

/** The file of a lab, given by name or path. */
function labPath(project: Project, folder: string, name: string): string {
  if (name.includes('/') || name.endsWith('.yaml')) return resolve(folder, name);
  const { labs, examples } = project.folders;
  // An example always uses the lab shipped with it, not a lab of the project with the same name.
  const order = examples !== undefined && isBelow(examples, folder) ? [...labs].reverse() : labs;
  const places = order.map((one) => join(one, `${name}.yaml`));
  return places.find((path) => existsSync(path)) ?? places[0]!;
}

/** Names of all labs. */
function labNames(project: Project): string[] {
  return allLabs(project)
    .map((file) => labName(project, file))
    .sort();
}

function read({ root }: Project, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError([
      { file: relative(root, file), line: 1, col: 1, message: `cannot be read: ${(error as Error).message}` },
    ]);
  }
}

function yamlFilesBelow(folder: string): string[] {
  if (!existsSync(folder) || isFile(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}
