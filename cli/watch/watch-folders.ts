import { statSync, watch, type FSWatcher } from 'node:fs';

/** An editor that saves does several things in a row: it is heard once they are over. */
const QUIET_MS = 10;
/** How often a look is taken where the system tells of no changes, or of no more. */
const POLL_MS = 500;

/**
 * Says when something changed in folders. It watches folders, not files: many editors write a new file and give it the
 * old one's name. What changed is for the listener to find out.
 */
export class FolderWatch implements Disposable {
  readonly #watchers = new Map<string, { watcher: FSWatcher; identity: string }>();
  #quiet: NodeJS.Timeout | null = null;
  #poll: NodeJS.Timeout | null = null;

  constructor(private readonly onChange: () => void) {}

  /** Watches these folders, and no others any more. */
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
      // Something vanished while it was being looked at: it will be seen in a moment how that ends.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#changed();
    }
  }

  /** The system watches no more than so many folders (fs.inotify.max_user_watches). */
  #lookNowAndThen(): void {
    this.#poll ??= setInterval(() => this.#notify(), POLL_MS);
  }
}

/** Tells a folder from another one that came in its place; null where there is none. */
function identityOf(folder: string): string | null {
  const status = statSync(folder, { throwIfNoEntry: false });
  return status ? `${status.dev} ${status.ino} ${status.birthtimeMs}` : null;
}
