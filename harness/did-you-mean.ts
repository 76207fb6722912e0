/** Below this any name is but a slip away from any other. */
const LEAST_LENGTH = 3;

/** ` (did you mean NAME?)` where one of the known names is but a slip away, else nothing. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (name.length < LEAST_LENGTH) return '';
  const limit = Math.max(1, Math.floor(name.length / 3));
  const [best] = known
    .map((other) => ({ other, slips: slipsBetween(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ slips }) => slips <= limit)
    .sort((a, b) => a.slips - b.slips);
  return best ? ` (did you mean \`${best.other}\`?)` : '';
}

/** Letters that were added, left out, mistaken, or swapped with their neighbour (optimal string alignment). */
function slipsBetween(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        last![j]! + 1,
        row[j - 1]! + 1,
        last![j - 1]! + Number(a[i - 1] !== b[j - 1]),
        swapped ? before![j - 2]! + 1 : Infinity,
      );
    }
    [before, last] = [last, row];
  }
  return last![b.length]!;
}

/** Message about an unknown name, with a guess and the known ones. */
export function noSuch(kind: string, name: string, known: readonly string[]): string {
  return `unknown ${kind} \`${name}\`${didYouMean(name, known)}; ${known.length === 0 ? 'none is defined' : `known: ${known.join(', ')}`}`;
}
