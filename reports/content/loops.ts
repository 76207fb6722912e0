/** Replaces the steps of a loop after its first round. */
export interface Fold {
  /** Steps that are left out. */
  count: number;
  /** TTL of the first and the last of them. */
  ttl: { first: number; last: number };
}

/** A step to show; if `fold` is set, the first of the folded steps. */
export interface Row<T> {
  step: T;
  /** Index among all steps. */
  index: number;
  fold: Fold | null;
}

/** Equal for steps that differ only in TTL; null for a step without a TTL. */
export interface Look {
  key: unknown;
  ttl: number | null;
}

const LONGEST_ROUND = 16;

/** Steps as rows. A loop of three rounds or more, with a decreasing TTL, becomes its first round and one fold. */
export function foldLoops<T>(steps: T[], lookOf: (step: T) => Look): Row<T>[] {
  const looks = steps.map((step) => {
    const { key, ttl } = lookOf(step);
    return { key: JSON.stringify(key), ttl };
  });
  const rows: Row<T>[] = [];
  for (let index = 0; index < steps.length;) {
    const { round, length } = loopFrom(looks, index);
    for (let i = index; i < index + round; i++) rows.push({ step: steps[i]!, index: i, fold: null });
    if (length > round) {
      const ttl = { first: looks[index + round]!.ttl!, last: looks[index + length - 1]!.ttl! };
      rows.push({ step: steps[index + round]!, index: index + round, fold: { count: length - round, ttl } });
    }
    index += length;
  }
  return rows;
}

/** Text of a fold. */
export function foldText({ count, ttl }: Fold): string {
  return `… ${count} hops more, ttl ${ttl.first} to ${ttl.last}`;
}

/** Number of steps per round of the loop that begins here, and number of rounds; 1 and 1 without a loop. */
function loopFrom(looks: { key: string; ttl: number | null }[], start: number): { round: number; length: number } {
  const repeats = (at: number, round: number): boolean => {
    const [one, before] = [looks[at], looks[at - round]!];
    return one !== undefined && one.key === before.key && one.ttl !== null && one.ttl < before.ttl!;
  };
  for (let round = 1; start + 3 * round <= looks.length && round <= LONGEST_ROUND; round++) {
    let length = round;
    while (repeats(start + length, round)) length++;
    if (length >= 3 * round) return { round, length };
  }
  return { round: 1, length: 1 };
}
