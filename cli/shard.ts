import { commandLineError } from './command-line-error.ts';

/** The part of the work that one machine of several takes: every n-th item, beginning with the k-th. */
export function shardOf<T>(items: T[], shard: string | undefined): T[] {
  if (shard === undefined) return items;
  const [, k, n] = /^(\d+)\/(\d+)$/.exec(shard) ?? [];
  if (k === undefined || n === undefined || Number(k) < 1 || Number(k) > Number(n)) {
    throw commandLineError(`--shard ${shard}: write K/N with K from 1 to N, like 2/4`);
  }
  return items.filter((_, index) => index % Number(n) === Number(k) - 1);
}
