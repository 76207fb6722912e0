import type { CauseCode } from '../../../harness/terms/cause.ts';
import type { CallResult, StateBand, StepResult } from '../../../harness/terms/timeline-results.ts';
import type { PredictedOutage } from '../../../harness/terms/stream-prediction.ts';
import type { PageFlow, PageStream, PageTimeline, PageVariant } from '../../content/page-details.ts';
import { type Row, rowsOf, shownBands } from './rows.ts';

export const ROW = 16;
const RULER = 20;
const LINE = 17;
const TITLE = 22;
const GAP = 12;

/** Vertical positions in a timeline, pixels; independent of the visible time range. */
export interface TimelineLayout {
  height: number;
  ruler: number;
  steps: number;
  actions: number;
  /** Top of the part below the head. */
  body: number;
  bands: { band: StateBand; y: number }[];
  /** Servers and nodes that were always up, in one line; null if there are none. */
  steady: { bands: StateBand[]; y: number } | null;
  /** Bands that are not shown. */
  more: { bands: number; y: number } | null;
  lanes: Lane[];
}

/** A stream: title, a line for cells, one for outages, one for predicted outages, then its rows. */
export interface Lane {
  stream: PageStream;
  top: number;
  height: number;
  summaries: number;
  /** Null without an outage. */
  outages: number | null;
  /** Null without a predicted outage. */
  predicted: number | null;
  cells: LaneCell[];
  rows: PlacedRow[];
}

/** A stream in a step. */
export interface LaneCell {
  step: StepResult;
  flow: PageFlow;
}

export interface PlacedRow {
  row: Row;
  y: number;
  /** Its calls by sign: -1 if they worked, else the index of their cause. */
  strokes: { sign: number; places: number[] }[];
}

/** Lays out the timeline of a variant. Signs are indices in `causes`; `all` gives every item its own row. */
export function layoutTimeline(
  { flows }: Pick<PageVariant, 'flows'>,
  { steps, streams, bands }: PageTimeline,
  { causes, all }: { causes: (CauseCode | null)[]; all: boolean },
): TimelineLayout {
  let y = RULER + LINE * 2 + 6;
  const body = y;
  const line = (height = ROW) => (y += height) - height;
  const { shown, steady, more } = shownBands(bands, all);
  const placedBands = shown.map((band) => ({ band, y: line() }));
  const head = {
    ruler: 0,
    steps: RULER,
    actions: RULER + LINE,
    body,
    bands: placedBands,
    more: more > 0 ? { bands: more, y: line() } : null,
    steady: steady.length > 0 ? { bands: steady, y: line() } : null,
  };
  const lanes = streams.map((stream): Lane => {
    y += GAP;
    const top = line(TITLE);
    const cells = steps.flatMap((step) => {
      const flow = flows.find(({ stream: cell }) => cell?.stream === stream.name && cell.step === step.name);
      return flow ? [{ step, flow }] : [];
    });
    const summaries = line(LINE);
    const outages = cells.some(({ flow }) => flow.stream?.summary.outage) ? line(LINE) : null;
    const predicted = cells.some(({ flow }) => flow.stream?.predicted.outage) ? line() : null;
    const rows = rowsOf(stream, all).map((row) => ({ row, y: line(), strokes: strokesOf(row, stream.calls, causes) }));
    return { stream, top, summaries, outages, predicted, cells, rows, height: y - top };
  });
  return { ...head, lanes, height: y + GAP };
}

function strokesOf(row: Row, calls: CallResult[], causes: (CauseCode | null)[]): PlacedRow['strokes'] {
  const strokes = new Map<number, number[]>();
  for (const place of row.calls) {
    const { outcome, cause } = calls[place]!;
    const sign = outcome === 'works' ? -1 : causes.indexOf(cause?.code ?? null);
    const places = strokes.get(sign);
    if (places) places.push(place);
    else strokes.set(sign, [place]);
  }
  return [...strokes].sort(([a], [b]) => a - b).map(([sign, places]) => ({ sign, places }));
}

/** Start of a predicted outage and its latest end; null without a bound. */
export function predictedSpan(step: StepResult, outage: PredictedOutage): { fromMs: number; toMs: number | null } {
  const fromMs = step.actions[0]?.beginMs ?? step.beginMs;
  return { fromMs, toMs: outage.atMostMs === null ? null : fromMs + outage.atMostMs };
}
