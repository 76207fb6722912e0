/** The visible time range, ms. */
export interface View {
  fromMs: number;
  toMs: number;
}

/** Minimum visible time range, ms. */
const MIN_RANGE_MS = 2;
/** Minimum distance between marks of a ruler, pixels. */
const MARK_WIDTH = 76;

/** Position of a time, pixels from the left edge. */
export function xOf({ fromMs, toMs }: View, width: number, ms: number): number {
  return ((ms - fromMs) / (toMs - fromMs)) * width;
}

/** Time at a position, ms. */
export function msAt({ fromMs, toMs }: View, width: number, x: number): number {
  return fromMs + (x / width) * (toMs - fromMs);
}

/** The range multiplied by `factor`; the time `around` keeps its position. */
export function zoomed({ fromMs, toMs }: View, factor: number, around: number, whole: View): View {
  const length = Math.max(MIN_RANGE_MS, (toMs - fromMs) * factor);
  const share = (around - fromMs) / (toMs - fromMs);
  return clamped({ fromMs: around - length * share, toMs: around + length * (1 - share) }, whole);
}

/** The view, moved. */
export function moved({ fromMs, toMs }: View, byMs: number, whole: View): View {
  return clamped({ fromMs: fromMs + byMs, toMs: toMs + byMs }, whole);
}

/** The range, moved if needed so that it contains the time. */
export function showing(view: View, ms: number, whole: View): View {
  if (ms >= view.fromMs && ms <= view.toMs) return view;
  return moved(view, ms - (view.fromMs + view.toMs) / 2, whole);
}

/** The range, moved into the whole; the whole if it is larger. */
function clamped({ fromMs, toMs }: View, whole: View): View {
  const length = toMs - fromMs;
  if (length >= whole.toMs - whole.fromMs) return whole;
  const from = Math.min(Math.max(fromMs, whole.fromMs), whole.toMs - length);
  return { fromMs: from, toMs: from + length };
}

/** Round times for a ruler, far enough apart for their labels. */
export function rulerMarks(view: View, width: number): number[] {
  const least = ((view.toMs - view.fromMs) * MARK_WIDTH) / width;
  const power = 10 ** Math.floor(Math.log10(least));
  const every = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least)!;
  const first = Math.ceil(view.fromMs / every);
  const count = Math.floor(view.toMs / every) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * every);
}
