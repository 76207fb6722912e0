/**
 * Nondeterministic choices of a simulation: which server is selected, whose ARP reply comes first. The first decision
 * for a key applies to the rest of the run.
 */
export interface Choices {
  choose: <T>(key: string, options: readonly [T, ...T[]]) => T;
}

/** Always the first option, if one course is enough. */
export const FIRST: Choices = { choose: (_key, [first]) => first };

/** Runs a simulation once for every combination of choices, the last choice varying fastest. */
export function* explore<T>(simulate: (choices: Choices) => T): Generator<T> {
  let script: number[] = [];
  for (;;) {
    const choices = new ScriptedChoices(script);
    yield simulate(choices);
    const { decided } = choices;
    const last = decided.findLastIndex(({ index, count }) => index + 1 < count);
    if (last === -1) return;
    script = [...decided.slice(0, last).map(({ index }) => index), decided[last]!.index + 1];
  }
}

/** Decides by a script, then always the first option. */
class ScriptedChoices implements Choices {
  readonly decided: { index: number; count: number }[] = [];
  readonly #known = new Map<string, unknown>();

  constructor(private readonly script: number[]) {}

  readonly choose = <T>(key: string, options: readonly [T, ...T[]]): T => {
    if (this.#known.has(key)) return this.#known.get(key) as T;
    const index = this.script[this.decided.length] ?? 0;
    this.decided.push({ index, count: options.length });
    const option = options[index]!;
    this.#known.set(key, option);
    return option;
  };
}
