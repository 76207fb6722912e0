import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../harness/terms/results.ts';

/** Where test files, each perhaps a process of its own, leave their results for the report. */
export class Parts {
  /** @param folder made by `begin`; its path reaches the workers of jest by the environment */
  constructor(private readonly folder: string) {}

  begin(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  write(name: string, results: Results): void {
    const file = join(this.folder, name.replaceAll('/', '__'));
    // Ctrl-C ends workers in the midst of writing.
    writeFileSync(file, JSON.stringify(results));
    renameSync(file, `${file}.json`);
  }

  read(): Results[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as Results);
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Name of the environment variable with the folder. */
export const PARTS_FOLDER = 'L4LAB_JEST_PARTS';
