const FIRST = 20_000;
const LAST = 32_000;
/**
 * Random start: other runs may use labs with the same addresses at the same time, and the host's connection tracking
 * sees them all.
 */
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A source port that no other recent attempt uses: below the kernel's ephemeral range (from 32768). */
export function nextSourcePort(): number {
  const port = next;
  next = next === LAST ? FIRST : next + 1;
  return port;
}

/** Ports of streams, below those of attempts. */
const FIRST_OF_STREAMS = 10_000;

/** First and last port for one of a caller's streams. */
export function streamPorts(index: number, of: number): [number, number] {
  const each = Math.floor((FIRST - FIRST_OF_STREAMS) / of);
  return [FIRST_OF_STREAMS + index * each, FIRST_OF_STREAMS + (index + 1) * each - 1];
}
