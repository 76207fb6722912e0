import { existsSync, readFileSync } from 'node:fs';
import { refusePart } from './record.ts';
import { fidelityPage, withEntry, type Entry } from './entry.ts';

const entry: Entry = {
  check: 'mutations',
  kernel: '6.18.0',
  engine: 'Docker 20.10.24',
  day: '2026-11-28',
  command: 'npm run mutate',
  figures: { mutations: 1069, caught: 1069 },
};

test('a repeated check replaces its earlier entry, but only on the same kernel and engine', () => {
  const again = { ...entry, day: '2026-11-29' };
  const elsewhere = { ...entry, kernel: '6.12.0' };
  expect(withEntry([entry, elsewhere], again)).toEqual([elsewhere, again]);
});

test('the page has a row per check, with figures and command', () => {
  expect(fidelityPage([entry])).toContain(
    '| 6.18.0 | Docker 20.10.24 | mutations | 1,069 mutations, 1,069 caught | 2026-11-28 | `npm run mutate` |',
  );
});

test('docs/fidelity.md matches docs/fidelity.json', () => {
  const data = 'docs/fidelity.json';
  const entries = existsSync(data) ? (JSON.parse(readFileSync(data, 'utf8')) as Entry[]) : [];
  expect(readFileSync('docs/fidelity.md', 'utf8')).toBe(fidelityPage(entries));
});

test('a partial check is not recorded as a whole one', () => {
  expect(() => refusePart(true, { lab: false, mode: true })).toThrow(
    '--record is for the whole check: leave out --mode',
  );
  expect(() => refusePart(true, { only: false })).not.toThrow();
  expect(() => refusePart(false, { only: true })).not.toThrow();
});
