import { parseYaml } from './yaml-file.ts';

test('a file nested too deeply is told in words; where, is up to the stack', () => {
  const { mistakes } = parseYaml('x.yaml', `title: ${'['.repeat(5000)}${']'.repeat(5000)}\n`);
  expect(mistakes.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '1: not valid YAML: it is nested too deeply',
  ]);
});
