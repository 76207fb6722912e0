/**
 * What a simulation leaves open: which server the load balancer picks, whose ARP answer comes first.
 * The first decision under a key holds for the rest of the run.
 */
export interface Choices {
  choose: <T>(key: string, options: readonly [T, ...T[]]) => T;
}

/** Runs a simulation once for every combination of choices, the last choice varying fastest. */
export function explore<T>(simulate: (choices: Choices) => T): T[] {
  const results: T[] = [];
  let script: number[] = [];
  for (;;) {
    const decided: { index: number; count: number }[] = [];
    const known = new Map<string, unknown>();
    results.push(simulate({ choose: (key, options) => decide(key, options, script, decided, known) }));
    const last = decided.findLastIndex(({ index, count }) => index + 1 < count);
    if (last === -1) return results;
    script = [...decided.slice(0, last).map(({ index }) => index), decided[last]!.index + 1];
  }
}

function decide<T>(
  key: string,
  options: readonly [T, ...T[]],
  script: number[],
  decided: { index: number; count: number }[],
  known: Map<string, unknown>,
): T {
  if (known.has(key)) return known.get(key) as T;
  const index = script[decided.length] ?? 0;
  decided.push({ index, count: options.length });
  const option = options[index]!;
  known.set(key, option);
  return option;
}
