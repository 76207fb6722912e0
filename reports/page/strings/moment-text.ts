/** A time as shown on rulers: `400 ms`, `1.5 s`. */
export function momentText(ms: number): string {
  return Math.abs(ms) < 1000 ? `${Number(ms.toFixed(3))} ms` : `${Number((ms / 1000).toFixed(6))} s`;
}
