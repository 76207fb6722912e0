/** Pieces of work for each worker at a kind: with fewer left, one more would come too late to be of use. */
const WORTH_HELPING = 3;

/** Work of one kind, the kind being what it runs on. */
interface Group<T, K> {
  kind: K;
  waiting: T[];
  workers: number;
}

/**
 * Hands out work so that what runs on the same thing is done one after the other by the same worker: for a scenario
 * that thing is a booted lab, and a boot costs more than most scenarios.
 */
export class Queue<T, K> {
  readonly #groups: Group<T, K>[];

  constructor(work: T[], kindOf: (one: T) => K, lengthOf: (one: T) => number = () => 1) {
    const groups = new Map<K, Group<T, K>>();
    for (const one of work) {
      const kind = kindOf(one);
      const group = groups.get(kind) ?? { kind, waiting: [], workers: 0 };
      group.waiting.push(one);
      groups.set(kind, group);
    }
    // What takes longest begins first.
    const length = ({ waiting }: Group<T, K>): number => waiting.reduce((sum, one) => sum + lengthOf(one), 0);
    this.#groups = [...groups.values()].sort((a, b) => length(b) - length(a));
  }

  /** Whether work of a kind is still to be handed out. */
  has(kind: K): boolean {
    return this.#groups.some((group) => group.kind === kind && group.waiting.length > 0);
  }

  /** Whether nothing is left to be handed out. */
  get isEmpty(): boolean {
    return this.#groups.every(({ waiting }) => waiting.length === 0);
  }

  /** A worker, which takes one piece of work after the other until there is none. */
  worker(): { next(): T | undefined } {
    let group: Group<T, K> | undefined;
    const next = (): T | undefined => {
      if (group?.waiting.length) return group.waiting.shift();
      if (group) group.workers -= 1;
      group = this.#next();
      if (group) group.workers += 1;
      return group?.waiting.shift();
    };
    return { next };
  }

  /** The largest group that nobody works on, else the one with the most work for each worker, if that is worth it. */
  #next(): Group<T, K> | undefined {
    const share = ({ waiting, workers }: Group<T, K>): number => waiting.length / workers;
    const left = this.#groups.filter(({ waiting }) => waiting.length > 0);
    const free = left.find(({ workers }) => workers === 0);
    return free ?? left.filter((group) => share(group) >= WORTH_HELPING).sort((a, b) => share(b) - share(a))[0];
  }
}
