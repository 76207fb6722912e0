/**
 * Reads all captures until a reading shows nothing new. Nodes answer one after another: packets that cross the wires
 * between the first and the last answer are recorded by only some nodes, and would look lost.
 * @param read resolves when every node has delivered what it had captured by then
 * @param seen number of relevant frames so far
 * @returns duration of the slowest reading, ms
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
