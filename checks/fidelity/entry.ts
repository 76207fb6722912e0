/** Results of one run of a check, on one kernel and engine. */
export interface Entry {
  check: 'generated labs' | 'mutations' | 'repeated runs' | 'repeated runs, busy';
  kernel: string;
  /** Name and version. */
  engine: string;
  /** ISO 8601 day, UTC. */
  day: string;
  /** The command to repeat it. */
  command: string;
  /** Figures by name, in the order of the page: `labs`, `flows`, `disagreements` … */
  figures: Record<string, number>;
}

/** Adds an entry, replacing an older one of the same check, kernel and engine. */
export function withEntry(entries: Entry[], entry: Entry): Entry[] {
  const key = ({ kernel, engine, check }: Entry): string => [kernel, engine, check].join(' ');
  return [...entries.filter((one) => key(one) !== key(entry)), entry].sort((a, b) => key(a).localeCompare(key(b)));
}

const PAGE = `# Fidelity

How often predictions and verdicts were right, by kernel and engine. Generated from \`docs/fidelity.json\`, which
\`npm run differential\`, \`npm run mutate\` and \`npm run flakes\` write with \`--record\`.

- **generated labs**: random labs with random settings, run with real packets. A disagreement is a flow whose packets differ from
  the prediction, and no limit of the model explains the difference (\`docs/explanation/model.md\`).
- **mutations**: one setting of a passing scenario is broken. A mutation is caught if a flow fails, and named if a flow fails for
  the expected cause.
- **repeated runs**: all scenarios run many times, also with every core busy. A flow has flipped if its verdict or cause changed.

Kernels and engines that are not listed here were not tested in this way; see also [where it runs](where-it-runs.md).

| Kernel | Engine | Check | Result | When | Command |
| --- | --- | --- | --- | --- | --- |
`;

/** docs/fidelity.md */
export function fidelityPage(entries: Entry[]): string {
  const rows = entries.map(({ kernel, engine, check, figures, day, command }) => {
    const result = Object.entries(figures).map(([what, count]) => `${count.toLocaleString('en')} ${what}`);
    return `| ${kernel} | ${engine} | ${check} | ${result.join(', ')} | ${day} | \`${command}\` |\n`;
  });
  return PAGE + rows.join('');
}
