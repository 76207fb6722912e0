/**
 * One for each processor: another one would save little (4 % of the library's time on two), and what waits for a
 * processor then is the judgement of flows. Four are enough for memory.
 */
export function labsAtOnce(cpus: number): number {
  return Math.min(4, cpus);
}
