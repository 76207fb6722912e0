/**
 * Lets one asking serve all who want the same answer by the time that it begins. Who comes while one is under way gets
 * the next: the one before may have looked too early for him. A failure reaches only those whom that asking serves.
 * Questions are the same when their parameters are.
 */
export function together<P extends unknown[], T>(ask: (...params: P) => Promise<T>): (...params: P) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<T>>();
  return (...params) => {
    const question = JSON.stringify(params);
    const waiting = next.get(question);
    if (waiting) return waiting;
    const asking = (last.get(question) ?? Promise.resolve()).then(() => {
      next.delete(question);
      const asked = ask(...params);
      last.set(
        question,
        asked.catch(() => undefined),
      );
      return asked;
    });
    next.set(question, asking);
    return asking;
  };
}
