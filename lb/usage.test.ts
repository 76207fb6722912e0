import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from './netns/bundle.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'l4lab-lb-'));
  await bundle('main.ts', join(folder, 'lb.mjs'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lb = (...args: string[]) => spawnSync('node', [join(folder, 'lb.mjs'), ...args], { encoding: 'utf8' });

test.each(['--help', '-h'])('%s prints the usage', (option) => {
  expect(lb(option)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^usage: l4lab-lb --config FILE\n/) as unknown,
  });
});

test('an unknown option is an error', () => {
  const { status, stdout } = lb('--confg', 'x');
  expect([status, JSON.parse(stdout)]).toMatchObject([2, { event: 'error', code: 'usage' }]);
});
