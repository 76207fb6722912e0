/**
 * Reads all captures until a reading shows nothing new. Nodes answer one after another: what crosses the wires between the
 * first answer and the last is recorded by some of them alone, and would look as if it had been lost.
 * @param read answers when every node has handed on what it had captured by then
 * @param seen how much of interest has been handed on so far
 * @returns how long the slowest reading took, ms
 */
export async function readWhole(read: () => Promise<void>, seen: () => number): Promise<number> {
  let slowest = 0;
  let before: number;
  do {
    before = seen();
    const began = performance.now();
    await read();
    slowest = Math.max(slowest, performance.now() - began);
  } while (seen() > before);
  return slowest;
}
