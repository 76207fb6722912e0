type Kind = 'boot' | 'wait';

/**
 * Separates lab boots from failing flows. A boot uses all CPUs for seconds, while judging a failure depends on timers:
 * work of one kind waits until the other kind has finished. Work of the same kind runs in parallel.
 */
export class BootGate {
  readonly #underWay: Record<Kind, Promise<unknown>> = { boot: Promise.resolve(), wait: Promise.resolve() };

  /** Runs work when all earlier work of the other kind has ended, successfully or not. */
  enter<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
    const done = this.#underWay[kind === 'boot' ? 'wait' : 'boot'].then(work);
    this.#underWay[kind] = Promise.allSettled([this.#underWay[kind], done]);
    return done;
  }
}
