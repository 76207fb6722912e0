import { execa } from 'execa';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall, canInstallPackages } from '../setup/apt.ts';
import { findCompose } from '../setup/compose-program.ts';
import { SetupError } from '../setup/setup-error.ts';

/** Docker Compose on this machine; installed if it is missing and Debian provides it. */
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

/** A Compose project with a separate name; disposing takes it down. */
export class ComposeProject implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'l4lab-compose-'));

  /**
   * @param program from `ensureCompose`
   * @param file the text of docker-compose.yml
   * @param image value of L4LAB_IMAGE in the file
   */
  constructor(
    private readonly program: string,
    file: string,
    private readonly image: string,
  ) {
    writeFileSync(join(this.#folder, 'docker-compose.yml'), file);
  }

  /** Resolves when every container has started; does not wait until the nodes in them are ready. */
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
