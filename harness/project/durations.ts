import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const FILE = 'durations.json';
/** The oldest go first: names change over the years. */
const MOST = 5000;

const schema = z.object({ version: z.literal(1), ms: z.record(z.string(), z.number().nonnegative()) });

/** How long things took last time, ms; nothing where there is no such memory, or one that cannot be read. */
export async function readDurations(cache: string): Promise<Map<string, number>> {
  try {
    const { ms } = schema.parse(JSON.parse(await readFile(join(cache, FILE), 'utf8')));
    return new Map(Object.entries(ms));
  } catch {
    return new Map();
  }
}

/** Remembers how long things took. It is no more than a help: where it cannot be written, there is none. */
export async function rememberDurations(cache: string, took: ReadonlyMap<string, number>): Promise<void> {
  const known = await readDurations(cache);
  for (const [name, ms] of took) {
    known.delete(name);
    known.set(name, Math.round(ms));
  }
  const kept = [...known].slice(-MOST);
  const draft = join(cache, `${FILE}.${process.pid}`);
  try {
    await mkdir(cache, { recursive: true });
    await writeFile(draft, JSON.stringify({ version: 1, ms: Object.fromEntries(kept) }));
    await rename(draft, join(cache, FILE));
  } catch {
    // Nobody has to see to it.
  }
}
