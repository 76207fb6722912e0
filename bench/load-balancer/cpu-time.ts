import { readFile } from 'node:fs/promises';

/** Clock ticks a second, as the kernel tells times to programs (USER_HZ in proc(5)). */
const TICKS = 100;

/** CPU time that this machine has spent on anything, in seconds; what other machines on its host took is not in it. */
export async function busyCpuSeconds(): Promise<number> {
  return busyOf(await readFile('/proc/stat', 'utf8'));
}

/** @param stat the text of /proc/stat (proc(5)); times of guests are part of user and nice there */
export function busyOf(stat: string): number {
  const [user, nice, system, , , irq, softirq] = /^cpu\s+(.*)/.exec(stat)![1]!.split(' ').map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (user + nice + system + irq + softirq) / TICKS;
}
