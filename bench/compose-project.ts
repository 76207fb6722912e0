import { execa } from 'execa';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The command that this machine has for Docker Compose: the plugin of docker, the older program of its own, or none. */
export async function findCompose(): Promise<{ command: string[]; version: string } | undefined> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    const [program, ...args] = command as [string, ...string[]];
    const { failed, stdout } = await execa(program, [...args, 'version', '--short'], { reject: false });
    if (!failed) return { command, version: stdout.trim() };
  }
  return undefined;
}

/** A Compose file under a project name of its own; disposing takes down what is up. */
export class ComposeProject implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'l4lab-compose-'));

  /**
   * @param command from `findCompose`
   * @param file the text of docker-compose.yml
   * @param image what the file's L4LAB_IMAGE stands for
   */
  constructor(
    private readonly command: string[],
    file: string,
    private readonly image: string,
  ) {
    writeFileSync(join(this.#folder, 'docker-compose.yml'), file);
  }

  /** Ends when every container was started; whether the nodes in them are ready is not waited for. */
  up(): Promise<void> {
    return this.#run('up', '-d');
  }

  down(): Promise<void> {
    return this.#run('down', '--timeout', '0');
  }

  async #run(...words: string[]): Promise<void> {
    const [program, ...args] = this.command as [string, ...string[]];
    await execa(program, [...args, '-p', `l4lab-bench-${process.pid}`, ...words], {
      cwd: this.#folder,
      env: { L4LAB_IMAGE: this.image },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down().finally(() => rmSync(this.#folder, { recursive: true, force: true }));
  }
}
