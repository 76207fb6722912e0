import { parseYaml } from './yaml-file.ts';

test('a file nested too deeply is reported in words', () => {
  const { mistakes } = parseYaml('x.yaml', `title: ${'['.repeat(5000)}${']'.repeat(5000)}\n`);
  expect(mistakes.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '1: not valid YAML: it is nested too deeply',
  ]);
});
