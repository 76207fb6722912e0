/** Replaces the steps of a loop after its first round. */
export interface Fold {
  /** Steps that are left out. */
  count: number;
  /** TTL of the first and of the last of them. */
  ttl: { first: number; last: number };
}

/** A step to show; or, where `fold` is set, the first of those that it stands for. */
export interface Row<T> {
  step: T;
  /** Place among all steps. */
  index: number;
  fold: Fold | null;
}

/** What makes two steps the same but for the TTL; null where a step has none. */
export interface Look {
  key: unknown;
  ttl: number | null;
}

const LONGEST_ROUND = 16;

/** Steps as rows: of a loop that goes round at least three times while its TTL counts down, the first round and one fold. */
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

/** A fold in a few words, the same in every text. */
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
