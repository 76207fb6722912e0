/** The result of work; null if it takes longer. The work itself goes on. */
export async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    // A timer that is still running would keep the process alive.
    clearTimeout(timer);
  }
}
