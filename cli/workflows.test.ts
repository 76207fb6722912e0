import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('every job has known steps, and all shards of the matrix run', () => {
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

test('the merge uses the files of the shards', () => {
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

const HOW_TO = text('docs/how-to/run-in-ci.md');

test('the documentation shows the workflows that init writes', () => {
  for (const yaml of [githubWorkflow(''), gitlabWorkflow('')]) expect(HOW_TO).toContain(`\`\`\`yaml\n${yaml}\`\`\``);
});

interface IndexedJob {
  spec: {
    completions: number;
    template: {
      spec: {
        containers: { command: string[]; args: string[]; env: { name: string; value: string }[] }[];
      };
    };
  };
}

test.each([
  [0, 0, 'all passed: the pod has done its work'],
  [1, 0, 'a flow failed: the merge tells'],
  [3, 1, 'something could not be run: another pod tries'],
])('in the Indexed Job of the documentation, %d from run makes the pod end with %d (%s)', (ends, code) => {
  const [, yaml = ''] = /```yaml\n(apiVersion[^]*?)```/.exec(HOW_TO) ?? [];
  const { completions, template } = (parse(yaml) as IndexedJob).spec;
  const [{ command, args, env }] = template.spec.containers as [
    IndexedJob['spec']['template']['spec']['containers'][0],
  ];
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-job-'));
  try {
    // Stands in for npx, whose place is the image.
    writeFileSync(join(folder, 'npx'), `#!/bin/sh\necho "npx $*"\n[ "$2" != run ] || exit ${ends}\n`, { mode: 0o755 });
    const { status, stdout } = spawnSync(command[0]!, [...command.slice(1), ...args], {
      env: {
        PATH: `${folder}:${process.env['PATH']}`,
        JOB_COMPLETION_INDEX: '3',
        ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
      },
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([
      code,
      `npx l4lab setup\nnpx l4lab run --shard 4/${completions} --report /reports/4\n`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
