import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { githubAnnotations, reportToGithub } from './github.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { sampleResults } from './samples/sample-results.ts';

test('a failure is annotated at the YAML line that declares its flow', () => {
  expect(githubAnnotations(sampleResults())[0]).toBe(
    '::error file=scenarios/one-arm/one-arm-modes.yaml,line=52,col=5,' +
      'title=one-arm-modes › dnat-gateway-l3 › web-calls-shop%3A reply-not-from-vip::' +
      's1 → shop (203.0.113.81:80)%0AExpected to work, but failed (2 of 2 attempts). ' +
      'reply-not-from-vip at s1: s1 called 203.0.113.81, but the reply came from b1 (203.0.113.21).%0A' +
      'Again: npx l4lab run one-arm-modes --variant dnat-gateway-l3 --flow web-calls-shop',
  );
});

test('no more annotations than GitHub shows; the last one states how many are missing', () => {
  const lines = githubAnnotations(sampleResults(20));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toBe('::error title=l4lab::51 more flows failed; see the job summary.');
});

test('text from YAML cannot start another workflow command', () => {
  const results = sampleResults();
  results.scenarios[0]!.variants[1]!.flows[2]!.cause!.detail = {
    code: 'vip-missing',
    params: { node: 's1', vip: 'x\n::set-output name=a::b' },
  };
  for (const line of githubAnnotations(results)) expect(line).not.toMatch(/[\r\n]/);
});

describe('the job summary', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'l4lab-github-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('is written in a GitHub Actions job', async () => {
    const file = path.join(dir, 'summary');
    const printed: string[] = [];
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file };
    await reportToGithub(sampleResults(), env, (line) => printed.push(line));
    expect(await readFile(file, 'utf8')).toBe(summaryMarkdown(sampleResults()));
    expect(printed).toEqual(githubAnnotations(sampleResults()));
  });

  test('nothing is printed or written elsewhere', async () => {
    const printed: string[] = [];
    await reportToGithub(sampleResults(), { GITHUB_STEP_SUMMARY: path.join(dir, 'no') }, (line) => printed.push(line));
    expect(printed).toEqual([]);
    await expect(readFile(path.join(dir, 'no'))).rejects.toThrow('ENOENT');
  });
});
