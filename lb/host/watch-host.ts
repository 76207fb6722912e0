import { spawn } from 'node:child_process';

/** Changes come in bursts: an interface, its addresses, their routes. */
const BURST_MS = 50;

/**
 * `ip monitor`, which ends when its parent's stdin does: so it outlives this process on no path. The shell lets go of
 * stdout, so that its end tells of the monitor's.
 */
const MONITOR = 'ip -o monitor link address route & exec >&-; read -r _; kill $!';

/**
 * Tells of changes of interfaces, addresses and routes in this network namespace, a burst at a time, until the returned
 * function is called. `onEnd` is told when there is nobody to tell of them any more.
 */
export function watchHost(onChange: () => void, onEnd: () => void): () => void {
  // A session of its own: Ctrl-C is for this process, which ends the monitor then.
  const child = spawn('sh', ['-c', MONITOR], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  let burst: NodeJS.Timeout | null = null;
  let over = false;
  const end = () => {
    if (!over) onEnd();
    over = true;
  };
  child.stdout.on('data', () => {
    burst ??= setTimeout(() => {
      burst = null;
      onChange();
    }, BURST_MS);
  });
  child.stdout.on('close', end);
  child.on('error', end);
  child.stdin.on('error', () => undefined);
  return () => {
    over = true;
    if (burst) clearTimeout(burst);
    child.stdin.end();
  };
}
