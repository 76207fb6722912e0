import { noSuch } from '../../harness/did-you-mean.ts';
import { createInterface, type Interface } from 'node:readline';
import { L4labError } from '../../harness/errors.ts';
import { textTable } from '../../reports/content/text-table.ts';

/** One of the answers to a question. */
export interface Choice {
  name: string;
  title: string;
}

/** Asks the user at a terminal. */
export class Questions implements Disposable {
  readonly #terminal: Interface;
  /** Includes lines typed before a question. */
  readonly #lines: AsyncIterator<string, undefined>;

  constructor(
    input: NodeJS.ReadableStream,
    private readonly output: NodeJS.WritableStream,
  ) {
    this.#terminal = createInterface({ input, output });
    this.#lines = this.#terminal[Symbol.asyncIterator]();
    this.#terminal.on('SIGINT', () => this.#terminal.close());
  }

  /**
   * @param kind what is chosen, for messages
   * @param usual the default, chosen with Enter
   * @returns the name of a choice
   * @throws L4labError `interrupted` at Ctrl-C, and at the end of the input
   */
  async choose(question: string, { kind, choices, usual }: Choices): Promise<string> {
    const rows = choices.map(({ name, title }, i) => [`${i + 1}`.padStart(2), name, title]);
    this.output.write(`\n${question}\n${textTable(rows)}\n`);
    for (;;) {
      const answer = await this.#ask(`Number or name [${usual}]: `);
      if (answer === '') return usual;
      const chosen = choices.find(({ name }, i) => answer === name || answer === String(i + 1));
      if (chosen !== undefined) return chosen.name;
      this.output.write(
        `${noSuch(
          kind,
          answer,
          choices.map(({ name }) => name),
        )}\n`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#terminal.close();
  }

  async #ask(prompt: string): Promise<string> {
    this.#terminal.setPrompt(prompt);
    this.#terminal.prompt();
    const line = await this.#lines.next();
    if (line.done !== true) return line.value.trim();
    this.output.write('\n');
    throw new L4labError('interrupted', 'nothing was created');
  }
}

interface Choices {
  kind: string;
  choices: Choice[];
  usual: string;
}
