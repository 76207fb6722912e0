import type { CheckTarget } from './check.ts';
import { checkOnce } from './check.ts';
import { nextDelay } from './next-delay.ts';
import type { CheckedState, ServerState } from './server-state.ts';
import { afterCheck, UNCHECKED } from './server-state.ts';

interface Watch {
  target: CheckTarget;
  state: ServerState;
  timer: NodeJS.Timeout | null;
  /** Settles with the first result. */
  first: Promise<void>;
  lastDurationMs: number;
}

/** Checks each target periodically, once for all services that share it, and reports when one goes up or down. */
export class HealthMonitor {
  readonly #watches = new Map<string, Watch>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** From now on watches exactly these targets; existing ones keep their state. */
  watch(targets: CheckTarget[]): void {
    const wanted = new Map(targets.map((target) => [target.key, target]));
    for (const [key, watch] of this.#watches) {
      if (wanted.has(key)) continue;
      if (watch.timer) clearTimeout(watch.timer);
      this.#watches.delete(key);
    }
    for (const [key, target] of wanted) {
      if (this.#watches.has(key)) continue;
      const watch: Watch = { target, state: UNCHECKED, timer: null, first: Promise.resolve(), lastDurationMs: 0 };
      this.#watches.set(key, watch);
      watch.first = this.#check(key, watch);
    }
  }

  /** Settles when every target has been checked once. */
  async firstRound(): Promise<void> {
    await Promise.all([...this.#watches.values()].map(({ first }) => first));
  }

  stateOf(target: CheckTarget): CheckedState {
    const watch = this.#watches.get(target.key);
    return { ...(watch?.state ?? UNCHECKED), lastDurationMs: watch?.lastDurationMs ?? 0 };
  }

  stop(): void {
    this.watch([]);
  }

  async #check(key: string, watch: Watch): Promise<void> {
    const began = performance.now();
    const result = await checkOnce(watch.target);
    if (this.#watches.get(key) !== watch) return;
    watch.lastDurationMs = performance.now() - began;
    const before = watch.state;
    watch.state = afterCheck(before, result, watch.target.check);
    watch.timer = setTimeout(() => void this.#check(key, watch), nextDelay(watch.target.check, Math.random()));
    if (before.up !== watch.state.up || !before.checked) this.#onChange();
  }
}
