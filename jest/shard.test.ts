import { execFileSync } from 'node:child_process';

function testFiles(...options: string[]): string[] {
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  const words = [...jest, '--selectProjects', 'scenarios', '--listTests', '--json', ...options];
  const output = execFileSync('node', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(output.slice(output.indexOf('['))) as string[];
}

test("jest's own shards contain every scenario once", () => {
  const shards = ['1/3', '2/3', '3/3'].map((shard) => testFiles(`--shard=${shard}`));
  expect(shards.every((files) => files.length > 0)).toBe(true);
  expect(shards.flat().sort()).toEqual(testFiles().sort());
});
