import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';

const PROGRAM = '/opt/l4lab/lb.js';
const CONFIG = '/run/l4lab/lb.json';
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5000;

/** The load balancer as a process of this node. */
export interface RunningLb {
  log: string[];
  stop(): Promise<void>;
}

/** Starts the load balancer and waits for its `ready` line. @throws Error with its log when it ends or stays silent */
export async function startLb(config: unknown, onLog: (line: string) => void): Promise<RunningLb> {
  await mkdir(dirname(CONFIG), { recursive: true });
  await writeFile(CONFIG, JSON.stringify(config, null, 2));
  const lb = execa('node', [PROGRAM, '--config', CONFIG], { reject: false, buffer: false, all: true, stdin: 'ignore' });
  const log: string[] = [];
  const lines = createInterface({ input: lb.all });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      lb.kill('SIGKILL');
      reject(new Error(`the load balancer was not ready after ${START_DEADLINE_MS} ms: ${log.join('\n')}`));
    }, START_DEADLINE_MS);
    lines.on('line', (line) => {
      log.push(line);
      onLog(line);
      if (line.includes('"event":"ready"')) {
        clearTimeout(timer);
        resolve();
      }
    });
    void lb.then(() => {
      clearTimeout(timer);
      reject(new Error(`the load balancer ended before it was ready: ${log.join('\n')}`));
    });
  });
  return {
    log,
    stop: async () => {
      lb.kill('SIGTERM', undefined);
      const timer = setTimeout(() => lb.kill('SIGKILL'), STOP_DEADLINE_MS);
      await lb;
      clearTimeout(timer);
    },
  };
}
