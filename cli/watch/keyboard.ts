import { fstatSync } from 'node:fs';
import { keysOf, press, type Command, type Typed } from './keys.ts';

/**
 * Reads keys from stdin: from a terminal one by one; from a pipe as written, and its end means quit.
 * @param show displays the pattern being typed; null when done
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

/** Other inputs, such as /dev/null, are ignored, and so is their end. */
function isPipe(): boolean {
  try {
    const status = fstatSync(0);
    return status.isFIFO() || status.isSocket();
  } catch {
    return false;
  }
}
