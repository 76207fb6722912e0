const natural = new Intl.Collator('en', { numeric: true });

/** Minimum number of consecutive names that are folded to the first and the last. */
const LONG_RUN = 4;

/** Names as text, with consecutive ones folded: `s1 … s6, s8, s10, s11`. */
export function namesText(names: string[]): string {
  return nameRuns(names).map(runText).join(', ');
}

/** Groups of consecutive names; others are alone. */
export function nameRuns(names: string[]): string[][] {
  const runs: string[][] = [];
  for (const name of [...new Set(names)].sort(natural.compare)) {
    const run = runs.at(-1);
    if (run !== undefined && name === next(run.at(-1)!)) run.push(name);
    else runs.push([name]);
  }
  return runs.flatMap((run) => (run.length < LONG_RUN ? run.map((name) => [name]) : [run]));
}

export function runText(run: string[]): string {
  return run.length === 1 ? run[0]! : `${run[0]} … ${run.at(-1)}`;
}

/** `s10` for `s9`; null for a name without a number at its end. */
function next(name: string): string | null {
  const [, stem, digits] = /^(.*?)(0|[1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? null : `${stem}${Number(digits) + 1}`;
}
