import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError } from '../errors.ts';
import { here } from '../project/testing/here.ts';
import { loadScenario } from '../project/scenario-files.ts';
import { readLab } from './read/read.ts';
import { parseYaml } from './yaml-file.ts';

/** Every file here is a bad scenario, or a bad lab where its name begins so; its first comments list the expected mistakes. */
const FOLDER = join('harness', 'scenario', 'mistakes');

test.each(readdirSync(FOLDER))('%s: every mistake is reported at once, with its position', (name) => {
  const file = join(FOLDER, name);
  const text = readFileSync(file, 'utf8');
  const expected = /^(# .*\n)*/
    .exec(text)![0]
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice('# '.length));
  expect(mistakesOf(file, text)).toEqual(expected);
});

function mistakesOf(file: string, text: string): string[] {
  try {
    if (basename(file).startsWith('lab-')) readLab(parseYaml(file, text));
    else loadScenario(here, file);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.mistakes.map(({ line, col, message }) => `${line}:${col}: ${message}`);
  }
}
