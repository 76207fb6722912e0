import { spawn } from 'node:child_process';

const PROGRAM = process.platform === 'darwin' ? 'open' : 'xdg-open';

/** Shows a page in the browser. @returns false where nothing here can */
export function openInBrowser(page: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(PROGRAM, [page], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    // A browser that it starts may keep it running.
    child.once('spawn', () => child.unref());
    child.once('exit', (code) => resolve(code === 0));
    setTimeout(() => resolve(true), STARTED_MS).unref();
  });
}

/** What fails fails by then. */
const STARTED_MS = 3000;
