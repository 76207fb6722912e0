import { readFile } from 'node:fs/promises';

/** Clock ticks per second, the unit of times in /proc (USER_HZ in proc(5)). */
const TICKS = 100;

/** CPU time that this machine has used, seconds; without the time that its host gave to other machines. */
export async function busyCpuSeconds(): Promise<number> {
  const stat = await readFile('/proc/stat', 'utf8');
  const [user, nice, system, , , irq, softirq] = /^cpu\s+(.*)/.exec(stat)![1]!.split(' ').map(Number);
  return [user, nice, system, irq, softirq].reduce<number>((sum, ticks) => sum + ticks!, 0) / TICKS;
}
