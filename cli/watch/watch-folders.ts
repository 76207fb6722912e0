import { statSync, watch, type FSWatcher } from 'node:fs';

/** Editors save in several operations: waits until they are done. */
const QUIET_MS = 10;
/** Polling interval if the system reports no changes. */
const POLL_MS = 500;

/**
 * Reports changes in folders. Watches folders, not files: many editors write a new file and rename it. Finding out what
 * changed is up to the listener.
 */
export class FolderWatch implements Disposable {
  readonly #watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  #quiet: NodeJS.Timeout | null = null;
  #poll: NodeJS.Timeout | null = null;

  constructor(private readonly onChange: () => void) {}

  /** From now on watches exactly these folders. */
  watch(folders: string[]): void {
    for (const [folder, { identity }] of this.#watchers)
      if (!folders.includes(folder) || identityOf(folder) !== identity) this.#leave(folder);
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#add(folder);
  }

  [Symbol.dispose](): void {
    this.watch([]);
    clearTimeout(this.#quiet ?? undefined);
    clearInterval(this.#poll ?? undefined);
  }

  #add(folder: string): void {
    const identity = identityOf(folder);
    if (identity === null) return;
    try {
      const watcher = watch(folder, () => this.#changed());
      watcher.on('error', () => {
        this.#leave(folder);
        this.#changed();
      });
      this.#watchers.set(folder, { watcher, identity });
    } catch {
      this.#lookNowAndThen();
    }
  }

  #leave(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }

  #changed(): void {
    clearTimeout(this.#quiet ?? undefined);
    this.#quiet = setTimeout(() => this.#notify(), QUIET_MS);
  }

  #notify(): void {
    try {
      this.onChange();
    } catch (error) {
      // Something vanished meanwhile; the next event shows the result.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#changed();
    }
  }

  /** Polls, because the system limits the number of watched folders (fs.inotify.max_user_watches). */
  #lookNowAndThen(): void {
    this.#poll ??= setInterval(() => this.#notify(), POLL_MS);
  }
}

/** Identity of a folder, which changes if it is replaced; null if it does not exist. */
function identityOf(folder: string): string | null {
  const status = statSync(folder, { throwIfNoEntry: false });
  return status ? `${status.dev} ${status.ino} ${status.birthtimeMs}` : null;
}
