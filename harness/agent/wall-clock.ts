/** Beyond this the wall clock was set or slewed, ms. */
const DRIFT_MS = 1.5;

let ahead = -Infinity;

/**
 * Current time in fractional ms since 1970, on the clock of the captures' timestamps. `Date.now` truncates that clock
 * to whole ms, so it is never ahead: the greatest difference from a finer clock is closest to the truth.
 */
export function wallClock(): number {
  const fine = performance.now();
  const difference = Date.now() - fine;
  if (difference > ahead || difference < ahead - DRIFT_MS) ahead = difference;
  return fine + ahead;
}
