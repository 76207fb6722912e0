import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

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

const read = (file: string): unknown => parse(readFileSync(file, 'utf8'));
const github = (read('.github/workflows/l4lab.yml') as { jobs: Record<string, GithubJob> }).jobs;
const gitlab = read('.gitlab-ci.yml') as { stages: string[]; scenarios: GitlabJob; report: GitlabJob };

const commands = [
  ...Object.values(github).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])),
  ...gitlab.scenarios.script,
  ...gitlab.report.script,
];

test.each([...new Set(commands.filter((command) => command.startsWith('npm')))])('%s is a script', (command) => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(Object.keys(scripts)).toContain(/^npm run (\S+)/.exec(command)?.[1]);
});

test.each([...new Set(commands.filter((command) => command.startsWith('npx')))])('%s is understood', (command) => {
  const [, subcommand = ''] = /^npx l4lab (\w+)/.exec(command) ?? [];
  const help = execFileSync('node', ['setup/l4lab.mjs', subcommand, '--help'], { encoding: 'utf8' });
  expect(help).toContain(`Usage: l4lab ${subcommand} `);
  for (const [option] of command.matchAll(/--[a-z]+/g)) expect(help).toContain(option);
});

test('every job does something that is known, and all shards of the matrix are run', () => {
  expect(commands.every((command) => /^np[mx] /.test(command))).toBe(true);
  const { scenarios, report } = github;
  const shards = scenarios!.strategy!.matrix.shard;
  expect(shards).toEqual(shards.map((_, i) => i + 1));
  expect(scenarios!.steps.some(({ run }) => run?.includes(`--shard \${{ matrix.shard }}/${shards.length} `))).toBe(
    true,
  );
  expect(report!.needs).toBe('scenarios');
  expect(gitlab.scenarios.parallel).toBeGreaterThan(1);
  expect(gitlab.stages).toEqual([gitlab.scenarios.stage, gitlab.report.stage]);
});

test('what the shards leave is what the merge takes', () => {
  const [upload, download] = ['upload', 'download'].map(
    (what) =>
      [...github.scenarios!.steps, ...github.report!.steps].find(({ uses }) => uses?.startsWith(`actions/${what}`))!
        .with!,
  );
  expect([upload!.path, download!.path]).toEqual(['shards/', 'shards/']);
  expect(gitlab.scenarios.artifacts.paths).toEqual(['shards/']);
  expect(commands.filter((command) => command.includes('merge'))).toEqual([
    'npx l4lab merge shards/* --report report',
    'npx l4lab merge shards/* --report report',
  ]);
});
