const FIRST = 20_000;
const LAST = 32_000;
/** Other runs may use labs with the same addresses at the same time, and the host's connection tracking sees them all. */
let next = FIRST + Math.floor(Math.random() * (LAST - FIRST));

/** A source port that no other recent attempt uses: below the ephemeral range (32768 on), which stays the kernel's. */
export function nextSourcePort(): number {
  const port = next;
  next = next === LAST ? FIRST : next + 1;
  return port;
}

/** Ports of streams: below those of attempts. */
const FIRST_OF_STREAMS = 10_000;

/** Ports for the calls of one of several streams of a caller: first and last. */
export function streamPorts(index: number, of: number): [number, number] {
  const each = Math.floor((FIRST - FIRST_OF_STREAMS) / of);
  return [FIRST_OF_STREAMS + index * each, FIRST_OF_STREAMS + (index + 1) * each - 1];
}
