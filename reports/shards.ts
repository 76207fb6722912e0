import { L4labError } from '../harness/errors.ts';
import type { Results } from '../harness/terms/results.ts';

/** Results, and the file they were read from. */
interface Part {
  from: string;
  results: Results;
}

/**
 * Checks that results are all shards of one run, each once, or no shards at all: a run with a shard missing looks
 * as if everything had passed.
 * @throws L4labError `shard-missing`, or `invalid-input` if they are not of one run
 */
export function checkShards(parts: Part[]): void {
  const [first] = parts;
  const count = first?.results.shard?.count;
  const stranger = parts.find(({ results }) => results.shard?.count !== count);
  if (stranger) {
    throw new L4labError(
      'invalid-input',
      `${described(first!)} and ${described(stranger)} are not parts of the same run`,
    );
  }
  if (count === undefined) return;
  const byIndex = new Map<number, Part>();
  for (const part of parts) {
    const { index } = part.results.shard!;
    const other = byIndex.get(index);
    if (other)
      throw new L4labError('invalid-input', `${other.from} and ${described(part)} are the same part of the run`);
    byIndex.set(index, part);
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0) {
    throw new L4labError(
      'shard-missing',
      `no report, because results are missing: ${missing.map((index) => `shard ${index}/${count}`).join(', ')}. ` +
        'Missing shards would look as if they had passed: run them, and merge again',
    );
  }
}

function described({ from, results: { shard } }: Part): string {
  return shard ? `${from} (shard ${shard.index}/${shard.count})` : `${from} (a whole run)`;
}
