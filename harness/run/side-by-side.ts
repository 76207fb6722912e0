/** Runs something `times` times, at most `limit` in parallel; results in order of their start. */
export async function sideBySide<T>(times: number, limit: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < times) {
      const index = begun++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(times, limit) }, worker));
  return results;
}
