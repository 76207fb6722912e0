import { fstatSync } from 'node:fs';
import { keysOf, press, type Command, type Typed } from './keys.ts';

/**
 * Reads keys from stdin. At a terminal they come one by one; from a pipe as they are written, and its end means quit.
 * @param show what is typed of a pattern, to be shown; null once it is over
 */
export class Keyboard implements Disposable {
  #typed: Typed = null;
  readonly #stdin = process.stdin;

  constructor(
    private readonly onCommand: (command: Command) => void,
    private readonly show: (typed: Typed) => void,
  ) {
    if (!this.#stdin.isTTY && !isPipe()) return;
    if (this.#stdin.isTTY) this.#stdin.setRawMode(true);
    this.#stdin.setEncoding('utf8').on('data', this.#read).on('end', this.#end).resume();
  }

  [Symbol.dispose](): void {
    this.#stdin.off('data', this.#read).off('end', this.#end).pause();
    if (this.#stdin.isTTY) this.#stdin.setRawMode(false);
  }

  readonly #read = (text: string): void => {
    for (const key of keysOf(text)) {
      const before = this.#typed;
      const { typed, command } = press(before, key);
      this.#typed = typed;
      if (typed !== before) this.show(typed);
      if (command) this.onCommand(command);
    }
  };

  readonly #end = (): void => this.onCommand({ do: 'quit' });
}

/** Something else, such as /dev/null, is no hand at a keyboard, and its end means nothing. */
function isPipe(): boolean {
  try {
    const status = fstatSync(0);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}
