type Kind = 'boot' | 'wait';

/**
 * Keeps boots of labs and flows that fail apart. A boot takes all processors for seconds, and how soon a failure is
 * judged depends on timers: whichever is under way, the other kind waits for it. Work of one kind runs side by side.
 */
export class BootGate {
  readonly #underWay: Record<Kind, Promise<unknown>> = { boot: Promise.resolve(), wait: Promise.resolve() };

  /** Does the work when all of the other kind that came before has ended, well or not. */
  enter<T>(kind: Kind, work: () => Promise<T>): Promise<T> {
    const done = this.#underWay[kind === 'boot' ? 'wait' : 'boot'].then(work);
    this.#underWay[kind] = Promise.allSettled([this.#underWay[kind], done]);
    return done;
  }
}
