const FIRST = 20_000;
const LAST = 32_000;
let next = FIRST;

/** A source port that no other recent attempt uses: below the ephemeral range (32768 on), which stays the kernel's. */
export function nextSourcePort(): number {
  const port = next;
  next = next === LAST ? FIRST : next + 1;
  return port;
}
