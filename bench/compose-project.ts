import { execa } from 'execa';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, canInstallPackages } from '../setup/apt.ts';
import { findCompose } from '../setup/compose-program.ts';
import { SetupError } from '../setup/setup-error.ts';

/** Docker Compose as a program of this machine, installed where it is missing and Debian has it. */
export async function ensureCompose(): Promise<{ program: string; version: string } | undefined> {
  const program = findCompose(process.env) ?? (await install());
  if (program === undefined) return undefined;
  const { stdout } = await execa(program, ['version', '--short']);
  return { program, version: stdout.trim() };
}

async function install(): Promise<string | undefined> {
  if (!canInstallPackages()) return undefined;
  console.log('installing docker-compose with apt-get');
  try {
    await aptInstall(['docker-compose']);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(error.message);
  }
  return findCompose(process.env);
}

/** A Compose file under a project name of its own; disposing takes down what is up. */
export class ComposeProject implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'l4lab-compose-'));

  /**
   * @param program from `ensureCompose`
   * @param file the text of docker-compose.yml
   * @param image what the file's L4LAB_IMAGE stands for
   */
  constructor(
    private readonly program: string,
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

  async #run(...args: string[]): Promise<void> {
    await execa(this.program, ['-p', `l4lab-bench-${process.pid}`, ...args], {
      cwd: this.#folder,
      env: { L4LAB_IMAGE: this.image },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down().finally(() => rmSync(this.#folder, { recursive: true, force: true }));
  }
}
