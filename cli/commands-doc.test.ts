import { readFileSync } from 'node:fs';
import { commandsDoc } from './commands-doc.ts';

test('docs/commands.md matches the commands (update: npm run docs:commands)', () => {
  expect(readFileSync('docs/commands.md', 'utf8')).toBe(commandsDoc());
});

test('a command of a command has both names, and no command shows --help', () => {
  const doc = commandsDoc();
  expect(doc).toContain('\n## new scenario\n\n`npx l4lab new scenario [options] <name>`: ');
  expect(doc).not.toContain('--help');
});
