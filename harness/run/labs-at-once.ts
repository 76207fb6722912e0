/**
 * One per CPU: more would save little (4 % of the library's time on two), and delay judging flows. At most four, to
 * limit memory.
 */
export function labsAtOnce(cpus: number): number {
  return Math.min(4, cpus);
}
