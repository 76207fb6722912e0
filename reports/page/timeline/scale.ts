/** The part of the time that is shown, ms. */
export interface View {
  fromMs: number;
  toMs: number;
}

/** So much time is shown at least. */
const LEAST_MS = 2;
/** A ruler has a mark at most every so many pixels. */
const MARK_WIDTH = 76;

/** Where a moment is drawn, pixels from the left edge. */
export function xOf({ fromMs, toMs }: View, width: number, ms: number): number {
  return ((ms - fromMs) / (toMs - fromMs)) * width;
}

/** The moment at a place, ms. */
export function msAt({ fromMs, toMs }: View, width: number, x: number): number {
  return fromMs + (x / width) * (toMs - fromMs);
}

/** The view with `factor` times as much in it; the moment `around` stays where it is. */
export function zoomed({ fromMs, toMs }: View, factor: number, around: number, whole: View): View {
  const length = Math.max(LEAST_MS, (toMs - fromMs) * factor);
  const share = (around - fromMs) / (toMs - fromMs);
  return within({ fromMs: around - length * share, toMs: around + length * (1 - share) }, whole);
}

/** The view, moved. */
export function moved({ fromMs, toMs }: View, byMs: number, whole: View): View {
  return within({ fromMs: fromMs + byMs, toMs: toMs + byMs }, whole);
}

/** The view moved so far that the moment is in it; the same where it is. */
export function showing(view: View, ms: number, whole: View): View {
  if (ms >= view.fromMs && ms <= view.toMs) return view;
  return moved(view, ms - (view.fromMs + view.toMs) / 2, whole);
}

/** The view moved into the whole; the whole where it does not fit. */
function within({ fromMs, toMs }: View, whole: View): View {
  const length = toMs - fromMs;
  if (length >= whole.toMs - whole.fromMs) return whole;
  const from = Math.min(Math.max(fromMs, whole.fromMs), whole.toMs - length);
  return { fromMs: from, toMs: from + length };
}

/** Round moments of a ruler, so far apart that their labels have room. */
export function rulerMarks(view: View, width: number): number[] {
  const least = ((view.toMs - view.fromMs) * MARK_WIDTH) / width;
  const power = 10 ** Math.floor(Math.log10(least));
  const every = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least)!;
  const first = Math.ceil(view.fromMs / every);
  const count = Math.floor(view.toMs / every) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * every);
}
