import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LbError } from '../terms/errors.ts';

/** Changes arrive in bursts: an interface, its addresses, their routes. */
const BURST_MS = 50;
const POLL_MS = 10;
const SUBSCRIBE_DEADLINE_MS = 10_000;

/**
 * Runs `ip monitor` and kills it when stdin closes, so that it never outlives this process. The shell prints the
 * monitor's process id and closes its own stdout, so that stdout ends with the monitor.
 */
const MONITOR = 'ip -o monitor link address route & echo $!; exec >&-; read -r _; kill $!';

/** A watch for changes of the host. */
export interface HostWatch {
  /**
   * Resolves when no later change will be missed, or when the monitor has ended.
   * @throws {LbError} `ip-failed` when that takes too long
   */
  subscribed: Promise<void>;
  end(): void;
}

/**
 * Reports changes of interfaces, addresses and routes in this network namespace, once per burst. Calls `onEnd` if the
 * monitor ends.
 */
export function watchHost(onChange: () => void, onEnd: () => void): HostWatch {
  // In a separate session, so that Ctrl-C reaches only this process, which then ends the monitor.
  const child = spawn('sh', ['-c', MONITOR], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  let burst: NodeJS.Timeout | null = null;
  let over = false;
  let output = '';
  const end = () => {
    if (!over) onEnd();
    over = true;
  };
  child.stdout.on('data', (chunk: Buffer) => {
    if (monitorIn(output) === undefined) output += chunk.toString();
    burst ??= setTimeout(() => {
      burst = null;
      onChange();
    }, BURST_MS);
  });
  child.stdout.on('close', end);
  child.on('error', end);
  child.stdin.on('error', () => undefined);
  const subscribed = async () => {
    const deadline = Date.now() + SUBSCRIBE_DEADLINE_MS;
    while (!over && !(await isSubscribed(monitorIn(output)))) {
      if (Date.now() > deadline)
        throw new LbError('ip-failed', `ip monitor did not subscribe to changes within ${SUBSCRIBE_DEADLINE_MS} ms`);
      await delay(POLL_MS);
    }
  };
  return {
    subscribed: subscribed(),
    end: () => {
      over = true;
      if (burst) clearTimeout(burst);
      child.stdin.end();
    },
  };
}

/** Process id of the monitor, once the shell has printed it. */
function monitorIn(output: string): string | undefined {
  return /^(\d+)\n/m.exec(output)?.[1];
}

/** Whether a process has a routing socket with groups: proc(5), /proc/net/netlink, columns Eth, Groups and Inode. */
async function isSubscribed(pid: string | undefined): Promise<boolean> {
  if (pid === undefined) return false;
  const folder = `/proc/${pid}/fd`;
  // Compared by inode: if a process has several sockets, only one of them has the process id as its address.
  const files = await readdir(folder).catch(() => []);
  const links = await Promise.all(files.map((fd) => readlink(join(folder, fd)).catch(() => '')));
  const sockets = (await readFile('/proc/net/netlink', 'utf8')).split('\n').map((line) => line.trim().split(/ +/));
  return sockets.some(
    (columns) => columns[1] === '0' && Number(`0x${columns[3]}`) !== 0 && links.includes(`socket:[${columns.at(-1)}]`),
  );
}
