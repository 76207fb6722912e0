import type { CauseCode } from '../../../harness/terms/cause.ts';
import type { PageVariant } from '../../content/page-details.ts';
import { usePage } from '../state/context.ts';
import { toFragment } from '../state/route.ts';
import { callText } from './call-text.ts';
import { chosenCell } from './chosen.ts';
import type { Place } from './place.ts';
import { type Lane, type LaneCell, type PlacedRow, predictedSpan, ROW } from './layout.ts';
import { neighbouringCall } from './rows.ts';
import { xOf } from './scale.ts';
import { truncated, textWidth } from './text-width.ts';
import { signAt, signPath, tickPath } from './ticks.ts';

/** Selects a call of a stream: `next` maps the index of the selected call (null: none) to the new one. */
export type PickCall = (next: (from: number | null) => number | null) => void;

export interface LaneShapeProps {
  variant: PageVariant;
  lane: Lane;
  place: Place;
  causes: (CauseCode | null)[];
  /** Index of the selected call; null if none of this stream is. */
  picked: number | null;
  /** Changes the selected call; `next` gets the latest one. */
  onPick: PickCall;
}

/** A stream over time. For the keyboard it is a slider: arrow keys move between calls, n and p between failed ones. */
export function LaneShape({ variant, lane, place, causes, picked, onPick }: LaneShapeProps) {
  const { t } = usePage();
  const { stream, top, height } = lane;
  const { calls } = stream;
  const { gutter, width } = place;
  const planned = variant.plan.timeline?.streams.find(({ name }) => name === stream.name);
  const title = [
    `${stream.from} → ${stream.to}`,
    stream.protocol.toUpperCase(),
    stream.connection === 'kept' ? t.timeline.kept(planned?.connections ?? 1) : t.timeline.fresh,
    ...(planned ? [t.timeline.every(planned.everyMs)] : []),
  ].join(' · ');
  const titleLeft = textWidth(stream.name) * 1.25 + 12;
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = keyTarget(event.key, calls);
    if (!next || calls.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    onPick(next);
  };
  return (
    <g class="lane-of-calls">
      <svg x={gutter} width={width} height={top + height} overflow="hidden">
        {lane.cells.map((cell) => (
          <CellShape key={cell.flow.name} variant={variant.name} cell={cell} lane={lane} place={place} />
        ))}
      </svg>
      <g
        data-own-arrows
        role="slider"
        tabindex={0}
        aria-label={`${variant.title}, ${stream.name}: ${title}`}
        aria-valuemin={0}
        aria-valuemax={calls.length}
        aria-valuenow={picked === null ? 0 : picked + 1}
        aria-valuetext={
          picked === null
            ? t.timeline.noneChosen(calls.length)
            : callText(t, stream, variant.timeline?.steps ?? [], picked)
        }
        onKeyDown={press}
      >
        <rect class="lane-focus" x={1} y={top + 1} width={gutter + width - 2} height={height + 2} rx={6} />
        <text class="stream-name" x={0} y={top + 15}>
          {stream.name}
        </text>
        <text class="stream-title" x={titleLeft} y={top + 15}>
          {truncated(title, gutter + width - titleLeft)}
        </text>
        {lane.outages !== null && (
          <text class="gutter-note" x={0} y={lane.outages + 12}>
            {truncated(t.timeline.outages, gutter)}
          </text>
        )}
        {lane.predicted !== null && (
          <text class="gutter-note" x={0} y={lane.predicted + 12}>
            {truncated(t.timeline.predictedOutage, gutter)}
          </text>
        )}
        {lane.rows.map((row, i) => (
          <RowName key={i} placed={row} causes={causes} gutter={gutter} />
        ))}
        <svg x={gutter} width={width} height={top + height} overflow="hidden">
          {lane.rows.map((row, i) => (
            <RowShape key={i} placed={row} lane={lane} place={place} />
          ))}
          {picked !== null && calls[picked] && <PickedShape lane={lane} call={picked} place={place} />}
        </svg>
      </g>
    </g>
  );
}

/** The call that a key selects next; null for other keys. */
function keyTarget(key: string, calls: Lane['stream']['calls']): Parameters<PickCall>[0] | null {
  const to = (by: 1 | -1, failed: boolean) => (from: number | null) => neighbouringCall(calls, from, by, failed);
  const targets: Record<string, Parameters<PickCall>[0]> = {
    ArrowRight: to(1, false),
    ArrowLeft: to(-1, false),
    n: to(1, true),
    p: to(-1, true),
    Home: () => 0,
    End: () => calls.length - 1,
  };
  return targets[key] ?? null;
}

function RowName({ placed: { row, y }, causes, gutter }: RowNameProps) {
  const { t } = usePage();
  if (row.kind !== 'failed') {
    const name = row.kind === 'connection' ? t.timeline.connection(row.number) : row.by;
    return (
      <text class="gutter-name" x={0} y={y + 12}>
        <title>{name}</title>
        {truncated(name, gutter - 8)}
      </text>
    );
  }
  const name = row.cause ? `${row.cause.code} @ ${row.cause.node}` : t.timeline.noCause;
  const sign = causes.indexOf(row.cause?.code ?? null);
  return (
    <g class={`failed sign-${sign % 5}`}>
      <title>{name}</title>
      <path class="sign" d={signAt(sign, 6, y + ROW / 2)} />
      <text class="gutter-name" x={16} y={y + 12}>
        {truncated(name, gutter - 22)}
      </text>
    </g>
  );
}

interface RowNameProps {
  placed: PlacedRow;
  causes: (CauseCode | null)[];
  gutter: number;
}

interface RowShapeProps {
  placed: PlacedRow;
  lane: Lane;
  place: Place;
}

function RowShape({ placed: { row, y, strokes }, lane: { stream }, place: { view, width } }: RowShapeProps) {
  const area = { view, width, y: y + 3, height: ROW - 6 };
  return (
    <g>
      {row.kind === 'connection' &&
        row.spans.map(({ fromMs, toMs }, i) => (
          <line
            key={i}
            class="lifeline"
            x1={xOf(view, width, fromMs)}
            x2={xOf(view, width, toMs)}
            y1={y + ROW / 2}
            y2={y + ROW / 2}
          />
        ))}
      {strokes.map(({ sign, places }) =>
        sign === -1 ? (
          <path key={sign} class="worked" d={tickPath(places, stream.calls, area)} />
        ) : (
          <g key={sign} class={`failed sign-${sign % 5}`}>
            <path class="tick" d={tickPath(places, stream.calls, area)} />
            <path class="sign" d={signPath(places, stream.calls, area, sign)} />
          </g>
        ),
      )}
    </g>
  );
}

/** The selected call: position and duration. */
function PickedShape({ lane, call, place: { view, width } }: { lane: Lane; call: number; place: Place }) {
  const { beginMs, endMs } = lane.stream.calls[call]!;
  const row = lane.rows.find(({ row: { calls } }) => calls.includes(call));
  if (!row) return null;
  const [from, to] = [beginMs, endMs].map((ms) => xOf(view, width, ms)) as [number, number];
  return (
    <g class="picked">
      <rect class="duration" x={from} y={row.y + 1} width={Math.max(1, to - from)} height={ROW - 2} />
      <line x1={from} x2={from} y1={lane.summaries + ROW} y2={lane.top + lane.height} />
      <rect class="ring" x={from - 5} y={row.y} width={10} height={ROW} rx={3} />
    </g>
  );
}

interface CellShapeProps {
  variant: string;
  cell: LaneCell;
  lane: Lane;
  place: Place;
}

const MARKS = { pass: '✓', fail: '✗', 'not-run': '!' } as const;

/** A stream in a step: verdict, measured outage, and the maximum expected. */
function CellShape({ variant, cell: { step, flow }, lane, place: { view, width, compared } }: CellShapeProps) {
  const { state, t } = usePage();
  const { summary, predicted } = flow.stream!;
  const at = (ms: number) => xOf(view, width, ms);
  const [from, to] = [at(step.beginMs), at(step.endMs)];
  if (to < 0 || from > width) return null;
  const { outage } = summary;
  const bound = predicted.outage && predictedSpan(step, predicted.outage);
  const [left, right] = [Math.max(0, from), Math.min(width, to)];
  const open = compared.variant === variant && state.flow === flow.name;
  const link = toFragment({ ...state, ...chosenCell({ variant, flow: flow.name }, compared) });
  const calls = summary.calls === 0 ? t.timeline.noCalls : t.messages.timeline.failed(summary);
  const label = `${step.title}, ${lane.stream.name}: ${t.verdicts[flow.verdict]}. ${t.messages.timeline.seen(summary)}`;
  return (
    <g class="cell">
      {outage && (
        <rect
          class="outage-ground"
          x={at(outage.fromMs)}
          y={lane.summaries + ROW}
          width={Math.max(1, at(outage.toMs ?? step.endMs) - at(outage.fromMs))}
          height={lane.top + lane.height - lane.summaries - ROW}
        />
      )}
      {open && (
        <rect
          class="open-cell"
          x={from + 1}
          y={lane.summaries}
          width={Math.max(0, to - from - 2)}
          height={lane.top + lane.height - lane.summaries}
        />
      )}
      <a href={link} aria-label={label} class={`verdict ${flow.verdict}`}>
        <title>{label}</title>
        <rect x={left} y={lane.summaries} width={right - left} height={ROW} />
        <text class="mark" x={left + 5} y={lane.summaries + 12}>
          {MARKS[flow.verdict]}
        </text>
        <svg x={left + 19} width={Math.max(0, right - left - 22)} height={lane.summaries + ROW} overflow="hidden">
          <text y={lane.summaries + 12}>{calls}</text>
        </svg>
      </a>
      {outage && lane.outages !== null && (
        <Bracket
          kind="measured"
          span={[at(outage.fromMs), outage.toMs === null ? null : at(outage.toMs)]}
          within={[left, right]}
          y={lane.outages}
          texts={[t.messages.timeline.outage(outage), t.timeline.ms(outage.ms)]}
        />
      )}
      {bound && lane.predicted !== null && (
        <Bracket
          kind="predicted"
          span={[at(bound.fromMs), bound.toMs === null || bound.toMs > step.endMs ? null : at(bound.toMs)]}
          within={[left, right]}
          y={lane.predicted}
          texts={[t.timeline.atMost(predicted.outage!.atMostMs)]}
        />
      )}
    </g>
  );
}

interface BracketProps {
  kind: 'measured' | 'predicted';
  /** Pixels; null is an open end. */
  span: [from: number, to: number | null];
  /** Space available for its text. */
  within: [left: number, right: number];
  y: number;
  /** From long to short: the first one that fits is shown. */
  texts: string[];
}

/** A bracket over a time range, with its length as text inside or beside it; open if the range does not end here. */
function Bracket({ kind, span: [from, to], within: [left, right], y, texts }: BracketProps) {
  const end = to ?? right;
  const [inLeft, inRight] = [Math.max(left, from), Math.min(right, end)];
  const places = [
    { room: inRight - inLeft, x: (inLeft + inRight) / 2, anchor: 'middle' as const },
    { room: right - inRight, x: inRight + 5, anchor: 'start' as const },
    { room: inLeft - left, x: inLeft - 5, anchor: 'end' as const },
  ];
  const options = texts.flatMap((text) => places.map((place) => ({ ...place, text })));
  const label = options.find(({ text, room }) => room >= textWidth(text) + 6);
  return (
    <g class={`bracket ${kind}`}>
      <title>{texts[0]}</title>
      <path d={`M${from},${y + ROW}V${y + 3}H${end}${to === null ? '' : `V${y + ROW}`}`} />
      {label && (
        <text x={label.x} y={y + 14} text-anchor={label.anchor}>
          {label.text}
        </text>
      )}
    </g>
  );
}
