import type { Shard } from '../harness/terms/results.ts';
import { commandLineError } from './shared/command-line-error.ts';

/** `2/4` as a shard. @throws L4labError `invalid-input` */
export function parseShard(text: string): Shard {
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (k === undefined || n === undefined || Number(k) < 1 || Number(k) > Number(n))
    throw commandLineError(`--shard ${text}: write K/N with K from 1 to N, like 2/4`);
  return { index: Number(k), count: Number(n) };
}

/** One machine's share of the work: every n-th item, beginning with the k-th. */
export function shardOf<T>(items: T[], { index, count }: Shard): T[] {
  return items.filter((_, i) => i % count === index - 1);
}
