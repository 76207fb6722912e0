import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE } from '../../api/package.ts';
import type { Engine } from '../../harness/fabric/engine.ts';
import { L4labError } from '../../harness/errors.ts';
import { fidelityPage, withEntry, type Entry } from './entry.ts';

const DATA = join(PACKAGE, 'docs/fidelity.json');
const PAGE = join(PACKAGE, 'docs/fidelity.md');

/** Only whole checks may be recorded. @throws L4labError `invalid-input` for a partial one */
export function refusePart(recorded: boolean, chosen: Record<string, boolean>): void {
  const part = Object.keys(chosen).find((option) => chosen[option]);
  if (recorded && part !== undefined)
    throw new L4labError('invalid-input', `--record is for the whole check: leave out --${part}`);
}

/** Writes the results of a check into docs/fidelity.json, and regenerates the page. */
export function record(
  { name, kernel }: Pick<Engine, 'name' | 'kernel'>,
  shown: Pick<Entry, 'check' | 'command' | 'figures'>,
): void {
  const before = existsSync(DATA) ? (JSON.parse(readFileSync(DATA, 'utf8')) as Entry[]) : [];
  const day = new Date().toISOString().slice(0, 10);
  const entries = withEntry(before, { kernel, engine: name, day, ...shown });
  writeFileSync(DATA, `${JSON.stringify(entries, null, 2)}\n`);
  writeFileSync(PAGE, fidelityPage(entries));
}
