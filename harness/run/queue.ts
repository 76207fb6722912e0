/** Minimum remaining jobs per worker of a kind: with fewer, another worker would come too late. */
const MIN_JOBS_PER_WORKER = 3;

/** Jobs of one kind, which need the same resource. */
interface Group<T, K> {
  kind: K;
  waiting: T[];
  workers: number;
}

/**
 * Assigns jobs so that those with the same resource are done by the same worker in sequence: for scenarios the resource
 * is a booted lab, whose boot costs more than most scenarios.
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
    // Longest first.
    const length = ({ waiting }: Group<T, K>): number => waiting.reduce((sum, one) => sum + lengthOf(one), 0);
    this.#groups = [...groups.values()].sort((a, b) => length(b) - length(a));
  }

  /** Whether jobs of a kind remain. */
  has(kind: K): boolean {
    return this.#groups.some((group) => group.kind === kind && group.waiting.length > 0);
  }

  /** Whether no jobs remain. */
  get isEmpty(): boolean {
    return this.#groups.every(({ waiting }) => waiting.length === 0);
  }

  /** A worker, which takes jobs until none remain. */
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

  /** The largest group without a worker, otherwise the one with the most jobs per worker, if worthwhile. */
  #next(): Group<T, K> | undefined {
    const share = ({ waiting, workers }: Group<T, K>): number => waiting.length / workers;
    const left = this.#groups.filter(({ waiting }) => waiting.length > 0);
    const free = left.find(({ workers }) => workers === 0);
    return free ?? left.filter((group) => share(group) >= MIN_JOBS_PER_WORKER).sort((a, b) => share(b) - share(a))[0];
  }
}
