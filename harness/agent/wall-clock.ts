/** Beyond this the wall clock was set, or has been slewed away from the other one, ms. */
const DRIFT_MS = 1.5;

let ahead = -Infinity;

/**
 * Now, ms since 1970 and fractions, by the clock that captures are stamped with. `Date.now` is that clock cut to whole
 * ms, so it is never ahead: the greatest difference from a finer clock is nearest to the truth.
 */
export function wallClock(): number {
  const fine = performance.now();
  const difference = Date.now() - fine;
  if (difference > ahead || difference < ahead - DRIFT_MS) ahead = difference;
  return fine + ahead;
}
