const natural = new Intl.Collator('en', { numeric: true });

/** So many names in a row are told by the first and the last. */
const LONG_RUN = 4;

/** Names as text, in which what counts on is folded: `s1 … s6, s8, s10, s11`. */
export function namesText(names: string[]): string {
  return nameRuns(names).map(runText).join(', ');
}

/** Names by what counts on for long, each once; others stand alone. */
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

/** `s10` after `s9`; null for a name that ends in no number. */
function next(name: string): string | null {
  const [, stem, digits] = /^(.*?)(0|[1-9]\d*)$/.exec(name) ?? [];
  return digits === undefined ? null : `${stem}${Number(digits) + 1}`;
}
