import type { Range } from '../terms/plan.ts';

/** Whether a value is in a range, including its bounds. */
export function isWithin(value: number, { atLeast = -Infinity, atMost = Infinity }: Range): boolean {
  return value >= atLeast && value <= atMost;
}
