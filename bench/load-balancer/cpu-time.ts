import { readFile } from 'node:fs/promises';

/** Clock ticks a second, as the kernel tells times to programs (USER_HZ in proc(5)). */
const TICKS = 100;

/** CPU time that this machine has spent on anything, in seconds; what other machines on its host took is not in it. */
export async function busyCpuSeconds(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8');
  const [user, nice, system, , , irq, softirq] = /^cpu\s+(.*)/.exec(stat)![1]!.split(' ').map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + ticks!, 0) / TICKS;
}
