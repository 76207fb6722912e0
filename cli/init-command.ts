import { noSuch } from '../harness/did-you-mean.ts';
import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { loadProject } from '../api/load-project.ts';
import { version } from '../api/package.ts';
import { EXIT } from '../harness/errors.ts';
import type { Project } from '../harness/project/project.ts';
import { ROLES } from '../harness/terms/role.ts';
import type { Mode } from '../harness/terms/plan.ts';
import { textTable } from '../reports/content/text-table.ts';
import { commandLineError } from './shared/command-line-error.ts';
import { chosenLab, labChoices, type ChosenLab } from './init/chosen-lab.ts';
import { chosenMode, MODE_TITLES, usualMode } from './init/chosen-mode.ts';
import { rewrite, shown, textOf, writeNew, type NewFile } from './init/new-files.ts';
import { withL4lab } from './init/package-json.ts';
import { labFile, scenarioFile } from './init/project-files.ts';
import { Questions } from './init/questions.ts';
import { workingModes } from './init/starter.ts';
import { withLines } from './init/with-lines.ts';
import { githubWorkflow, gitlabWorkflow } from './init/workflows.ts';
import type { CommandLine } from './shared/command-line.ts';

interface InitOptions {
  lab?: string;
  mode?: string;
  ci?: string;
}

/** Choices for the first scenario. */
interface Decided {
  lab: ChosenLab;
  mode: Mode;
  ci: Ci;
}

const CI = {
  github: 'GitHub Actions: .github/workflows/l4lab.yml',
  gitlab: 'GitLab CI: .gitlab-ci.yml',
  none: 'no workflow',
};
type Ci = keyof typeof CI;

const USUAL = { lab: 'one-arm', ci: 'none' } as const;

export function registerInit({ program, root, run }: CommandLine): void {
  program
    .command('init')
    .description('create a first scenario with its lab, npm scripts and a CI workflow; overwrites nothing')
    .option('--lab <name>', 'start from this lab; `npx l4lab list --labs` lists them')
    .option('--mode <mode>', 'mode of the load balancer: dnat, proxy, dsr, l3dsr or ipip')
    .option('--ci <where>', 'create a workflow for this CI: github, gitlab or none')
    .addHelpText(
      'after',
      '\nOn a terminal, l4lab asks for missing options. Elsewhere the defaults are one-arm, dsr and none.',
    )
    .action(async (options: InitOptions) => {
      // A package is a separate project, even inside another one.
      const here = existsSync('package.json') ? '.' : undefined;
      await run(initCommand(await loadProject({ root: root() ?? here, makes: true }), options));
    });
}

/** `l4lab init`: a first scenario with its lab, scripts, and a workflow for a CI. It overwrites nothing. */
async function initCommand(project: Project, options: InitOptions): Promise<number> {
  const decided = await decide(project, options);
  const { lab, mode, ci } = decided;
  const name = `${lab.name}-${mode}`;
  const packageFile = join(project.root, 'package.json');
  const packageText = textOf(packageFile);
  const { text, scripts, dependency } = withL4lab(packageText, version());
  const ignoreFile = join(project.root, '.gitignore');
  const ignoreText = textOf(ignoreFile);
  const ignored = withLines(ignoreText, ignoredFolders(project));
  const files: NewFile[] = [
    scenarioFile(project, name, lab, mode),
    labFile(project, lab.name, lab),
    ...(ci === 'none' ? [] : [workflow(project.root, ci)]),
    { path: packageFile, text, what: 'a private package with npm scripts, and l4lab as a dependency' },
    { path: ignoreFile, text: ignored.text, what: ignored.added.join(', ') },
  ];
  const made = writeNew(files);
  const added = [
    { path: packageFile, before: packageText, text, what: [...scripts, ...(dependency ? ['l4lab'] : [])] },
    { path: ignoreFile, before: ignoreText, text: ignored.text, what: ignored.added },
  ].filter(({ before, what }) => before !== null && what.length > 0);
  for (const { path, text: after } of added) rewrite(path, after);
  const left = files.filter((file) => !made.includes(file) && !added.some(({ path }) => path === file.path));
  process.stdout.write(
    [
      section(
        'created',
        made.map(({ path, what }) => [shown(path), what]),
      ),
      section(
        'changed',
        added.map(({ path, what }) => [shown(path), `added ${what.join(', ')}`]),
      ),
      section(
        'unchanged',
        left.map(({ path }) => [shown(path), 'exists']),
      ),
      section('next', nextSteps(name, lab, dependency)),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  );
  return EXIT.ok;
}

/** Choices from the command line; others are asked for at a terminal, or get their default. */
async function decide(project: Project, { lab, mode, ci }: InitOptions): Promise<Decided> {
  const chosenCi = ci === undefined ? undefined : chosenOf(ci);
  if (mode !== undefined) chosenMode(mode);
  const asks = process.stdin.isTTY && process.stdout.isTTY;
  using questions = asks ? new Questions(process.stdin, process.stdout) : null;
  const labName =
    lab ??
    (await questions?.choose('Which topology do you start from?', {
      kind: 'lab',
      choices: labChoices(project),
      usual: USUAL.lab,
    })) ??
    USUAL.lab;
  const chosen = chosenLab(project, labName);
  const modeName = mode ?? (await askMode(questions, chosen)) ?? usualMode(chosen);
  const ciName =
    chosenCi ??
    (await questions?.choose('Which CI runs the scenarios?', {
      kind: 'CI',
      choices: Object.entries(CI).map(([name, title]) => ({ name, title })),
      usual: USUAL.ci,
    })) ??
    USUAL.ci;
  return { lab: chosen, mode: chosenMode(modeName), ci: chosenOf(ciName) };
}

/** Offers only modes in which the lab's clients can be served. */
async function askMode(questions: Questions | null, lab: ChosenLab): Promise<string | undefined> {
  const choices = workingModes(lab.name, lab.lab).map((name) => ({ name, title: MODE_TITLES[name] }));
  if (choices.length === 0) return undefined;
  return questions?.choose('Which mode?', { kind: 'mode', choices, usual: usualMode(lab) });
}

function chosenOf(ci: string): Ci {
  const known = Object.keys(CI) as Ci[];
  const chosen = known.find((one) => one === ci);
  if (chosen === undefined) throw commandLineError(noSuch('CI', ci, known));
  return chosen;
}

/** Folders that should not be committed. */
function ignoredFolders({ root, folders }: Project): string[] {
  const reports = relative(root, dirname(folders.report)).split(sep).join('/');
  return ['node_modules/', ...(reports.startsWith('..') ? [] : [`${reports}/`])];
}

/** GitHub and GitLab only read workflows at the top of a repository. */
function workflow(root: string, ci: Exclude<Ci, 'none'>): NewFile {
  const top = repositoryOf(root) ?? root;
  const folder = relative(top, root).split(sep).join('/');
  return ci === 'github'
    ? {
        path: join(top, '.github/workflows/l4lab.yml'),
        text: githubWorkflow(folder),
        what: 'runs every scenario on two machines and merges the reports',
      }
    : {
        path: join(top, '.gitlab-ci.yml'),
        text: gitlabWorkflow(folder),
        what: 'runs every scenario on two machines and merges the reports',
      };
}

function repositoryOf(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (at === dirname(at)) return null;
  }
}

function nextSteps(name: string, { lab }: ChosenLab, dependency: boolean): string[][] {
  const client = Object.keys(lab.nodes).find((node) => ROLES[lab.nodes[node]!.role].calls)!;
  return [
    ...(dependency ? [['npm install', 'installs l4lab']] : []),
    ['npx l4lab setup', 'finds a Docker engine and builds the lab image (once)'],
    ['npx l4lab run', 'runs every flow with real packets and writes the report'],
    [`npx l4lab explain ${name} ${client}-to-vip`, 'shows the path of its packets'],
  ];
}

function section(title: string, rows: string[][]): string {
  return rows.length > 0 ? `${title}\n${textTable(rows)}\n` : '';
}
