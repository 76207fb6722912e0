/**
 * Coalesces calls with the same parameters: all that arrive before a call starts share it. One that arrives while a call
 * runs gets the next, since the running one may have looked too early. An error reaches only those who share that call.
 */
export function coalesce<P extends unknown[], T>(ask: (...params: P) => Promise<T>): (...params: P) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<T>>();
  return (...params) => {
    const key = JSON.stringify(params);
    const waiting = next.get(key);
    if (waiting) return waiting;
    const asking = (last.get(key) ?? Promise.resolve()).then(() => {
      next.delete(key);
      const asked = ask(...params);
      last.set(
        key,
        asked.catch(() => undefined),
      );
      return asked;
    });
    next.set(key, asking);
    return asking;
  };
}
