/** Something with a weight of 1 or more. */
export interface Weighted {
  weight: number;
}

/**
 * One round of smooth weighted round robin: every item as often as its weight (divided by the greatest common divisor),
 * spread as evenly as possible. 5:1:1 gives a a b a c a a, never five in a row.
 */
export function smoothRound<T extends Weighted>(items: readonly T[]): T[] {
  const divisor = items.reduce((sum, { weight }) => commonDivisor(sum, weight), 0);
  const weights = items.map(({ weight }) => weight / divisor);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const current = weights.map(() => 0);
  return Array.from({ length: total }, () => {
    let best = 0;
    for (let i = 0; i < items.length; i++) {
      current[i]! += weights[i]!;
      if (current[i]! > current[best]!) best = i;
    }
    current[best]! -= total;
    return items[best]!;
  });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
