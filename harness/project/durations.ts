import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const FILE = 'durations.json';
/** Limit of entries; the oldest are dropped, because names change over the years. */
const MOST = 5000;

const schema = z.object({ version: z.literal(1), ms: z.record(z.string(), z.number().nonnegative()) });

/** Previous durations, ms; empty if there is no readable file. */
export async function readDurations(cache: string): Promise<Map<string, number>> {
  try {
    const { ms } = schema.parse(JSON.parse(await readFile(join(cache, FILE), 'utf8')));
    return new Map(Object.entries(ms));
  } catch {
    return new Map();
  }
}

/** Saves durations. Only a help, so write errors are ignored. */
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
    // Nothing depends on it.
  }
}
