import { withL4lab } from './package-json.ts';

test('a new one is private, and depends on l4lab', () => {
  expect(withL4lab(null, '1.2.3')).toEqual({
    text: `{
  "private": true,
  "scripts": {
    "lab": "l4lab run",
    "lab:watch": "l4lab watch",
    "lab:validate": "l4lab validate"
  },
  "devDependencies": {
    "l4lab": "^1.2.3"
  }
}
`,
    scripts: ['lab', 'lab:watch', 'lab:validate'],
    dependency: true,
  });
});

test('existing content stays: scripts of the same name, the dependency, order, indentation, line ends', () => {
  const before = [
    '{',
    '\t"name": "mine",',
    '\t"scripts": {',
    '\t\t"lab": "make lab",',
    '\t\t"test": "true"',
    '\t},',
    '\t"dependencies": {',
    '\t\t"l4lab": "file:../l4lab.tgz"',
    '\t},',
    '\t"license": "MIT"',
    '}',
  ].join('\r\n');
  const { text, scripts, dependency } = withL4lab(before, '1.2.3');
  expect(text).toBe(
    before.replace(
      '"true"\r\n',
      '"true",\r\n\t\t"lab:watch": "l4lab watch",\r\n\t\t"lab:validate": "l4lab validate"\r\n',
    ),
  );
  expect([scripts, dependency]).toEqual([['lab:watch', 'lab:validate'], false]);
  expect(withL4lab(text, '1.2.3')).toEqual({ text, scripts: [], dependency: false });
});

test.each(['{ "name": }', '[]', ''])('%s is refused', (text) => {
  expect(() => withL4lab(text, '1.2.3')).toThrow(/^package\.json: /);
});
