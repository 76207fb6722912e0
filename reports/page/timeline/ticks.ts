import type { CallResult } from '../../../harness/terms/timeline-results.ts';
import { firstFrom } from './rows.ts';
import { type View, xOf } from './scale.ts';

export interface TickArea {
  view: View;
  width: number;
  /** Top of the row. */
  y: number;
  height: number;
}

/**
 * The calls of a row as one path: a stroke per call, or per pixel if several calls share one. So the number of
 * strokes never exceeds the width of the drawing.
 */
export function tickPath(places: number[], calls: CallResult[], area: TickArea): string {
  return columnsOf(places, calls, area, 1)
    .map((x) => `M${x},${area.y}v${area.height}`)
    .join('');
}

/** Signs over failed calls, as many as fit. */
export function signPath(places: number[], calls: CallResult[], area: TickArea, sign: number): string {
  const centre = area.y + area.height / 2;
  return columnsOf(places, calls, area, SIGN_WIDTH + 1)
    .map((x) => SIGNS[sign % SIGNS.length]!(x, centre))
    .join('');
}

/** Start positions of calls in pixels, with a minimum distance. */
function columnsOf(places: number[], calls: CallResult[], { view, width }: TickArea, apart: number): number[] {
  const columns: number[] = [];
  let last = -Infinity;
  for (let i = firstFrom(places, calls, view.fromMs); i < places.length; i++) {
    const { beginMs } = calls[places[i]!]!;
    if (beginMs > view.toMs) break;
    const x = Math.round(xOf(view, width, beginMs) * 2) / 2;
    if (x - last < apart) continue;
    columns.push(x);
    last = x;
  }
  return columns;
}

const SIGN_WIDTH = 8;

/** A cross, a triangle, a diamond, a square, a ring: distinguishable without colour. */
const SIGNS: ((x: number, y: number) => string)[] = [
  (x, y) => `M${x - 3.5},${y - 3.5}l7,7m0,-7l-7,7`,
  (x, y) => `M${x},${y - 4}l4,7h-8z`,
  (x, y) => `M${x},${y - 4.5}l4.5,4.5l-4.5,4.5l-4.5,-4.5z`,
  (x, y) => `M${x - 3.5},${y - 3.5}h7v7h-7z`,
  (x, y) => `M${x - 4},${y}a4,4 0 1,0 8,0a4,4 0 1,0 -8,0`,
];

/** A single sign. */
export function signAt(sign: number, x: number, y: number): string {
  return SIGNS[sign % SIGNS.length]!(x, y);
}
