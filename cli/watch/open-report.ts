import { spawn } from 'node:child_process';

const PROGRAM = process.platform === 'darwin' ? 'open' : 'xdg-open';

/** Opens a page in the browser. @returns false if that is impossible */
export function openInBrowser(page: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(PROGRAM, [page], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    // It may keep running with the browser that it starts.
    child.once('spawn', () => child.unref());
    child.once('exit', (code) => resolve(code === 0));
    setTimeout(() => resolve(true), STARTED_MS).unref();
  });
}

/** Failures occur within this time. */
const STARTED_MS = 3000;
