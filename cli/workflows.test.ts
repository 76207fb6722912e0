import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { githubWorkflow, gitlabWorkflow } from './init/workflows.ts';

interface GithubJob {
  needs?: string;
  strategy?: { matrix: { shard: number[] } };
  steps: { run?: string; uses?: string; with?: Record<string, unknown> }[];
}
interface GitlabJob {
  stage: string;
  parallel?: number;
  script: string[];
  artifacts: { paths: string[] };
}

interface GithubWorkflow {
  jobs: { scenarios: GithubJob; report: GithubJob };
}
interface GitlabWorkflow {
  stages: string[];
  scenarios: GitlabJob;
  report: GitlabJob;
}

const text = (file: string): string => readFileSync(file, 'utf8');

/** Of this repository, and as `l4lab init` writes them. */
const github = [text('.github/workflows/l4lab.yml'), githubWorkflow(''), githubWorkflow('net')].map(
  (yaml) => (parse(yaml) as GithubWorkflow).jobs,
);
const gitlab = [text('.gitlab-ci.yml'), gitlabWorkflow(''), gitlabWorkflow('net')].map(
  (yaml) => parse(yaml) as GitlabWorkflow,
);

const commands = [
  ...github.flatMap(({ scenarios, report }) => [...scenarios.steps, ...report.steps].flatMap(({ run }) => run ?? [])),
  ...gitlab.flatMap(({ scenarios, report }) => [...scenarios.script, ...report.script]),
];
const distinct = (pattern: RegExp): string[] => [...new Set(commands.filter((command) => pattern.test(command)))];

test.each(distinct(/^npm run /))('%s is a script', (command) => {
  const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
  expect(Object.keys(scripts)).toContain(/^npm run (\S+)/.exec(command)?.[1]);
});

test.each(distinct(/^npx /))('%s is understood', (command) => {
  const [, subcommand = ''] = /^npx l4lab (\w+)/.exec(command) ?? [];
  const help = execFileSync('node', ['setup/l4lab.mjs', subcommand, '--help'], { encoding: 'utf8' });
  expect(help).toContain(`Usage: l4lab ${subcommand} `);
  for (const [option] of command.matchAll(/--[a-z]+/g)) expect(help).toContain(option);
});

test('every job does something that is known, and all shards of the matrix are run', () => {
  expect(commands.filter((command) => !/^(npm run |npm ci$|npx l4lab |cd net$)/.test(command))).toEqual([]);
  for (const { scenarios, report } of github) {
    const shards = scenarios.strategy!.matrix.shard;
    expect(shards).toEqual(shards.map((_, i) => i + 1));
    expect(scenarios.steps.some(({ run }) => run?.includes(`--shard \${{ matrix.shard }}/${shards.length} `))).toBe(
      true,
    );
    expect(report.needs).toBe('scenarios');
  }
  for (const { stages, scenarios, report } of gitlab) {
    expect(scenarios.parallel).toBeGreaterThan(1);
    expect(stages).toEqual([scenarios.stage, report.stage]);
  }
});

test('what the shards leave is what the merge takes', () => {
  const places = github.map(({ scenarios, report }) =>
    [...scenarios.steps, ...report.steps].flatMap(({ uses, with: { path } = {} }) =>
      uses?.startsWith('actions/upload') || uses?.startsWith('actions/download') ? [path] : [],
    ),
  );
  expect(places).toEqual([
    ['shards/', 'shards/', 'report/'],
    ['shards/', 'shards/', 'report/'],
    ['net/shards/', 'net/shards/', 'net/report/'],
  ]);
  expect(gitlab.map(({ scenarios }) => scenarios.artifacts.paths)).toEqual([['shards/'], ['shards/'], ['net/shards/']]);
  expect(distinct(/merge/)).toEqual(['npx l4lab merge shards/* --report report']);
});
