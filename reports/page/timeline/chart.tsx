import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { CauseCode } from '../../../harness/terms/cause.ts';
import type { StepResult } from '../../../harness/terms/timeline-results.ts';
import type { PageTimeline, PageVariant } from '../../content/page-details.ts';
import { usePage } from '../state/context.ts';
import { Bands } from './bands.tsx';
import { LaneShape, type PickCall } from './lane.tsx';
import type { Compared, Picked } from './chosen.ts';
import type { Place } from './place.ts';
import { type Lane, layoutTimeline, type PlacedRow, ROW } from './layout.ts';
import { nearestCall } from './rows.ts';
import { moved, msAt, rulerMarks, type View, xOf, zoomed } from './scale.ts';
import { truncated } from './text-width.ts';

export interface ChartProps {
  variant: PageVariant;
  timeline: PageTimeline;
  /** The visible time range, and the whole one. */
  view: View;
  whole: View;
  width: number;
  /** Whether every item has its own row. */
  all: boolean;
  causes: (CauseCode | null)[];
  compared: Compared;
  picked: Picked | null;
  onPick: (stream: string, ...next: Parameters<PickCall>) => void;
  /** Changes the visible range; `next` gets the latest one. */
  onView: (next: (now: View) => View) => void;
}

/** A pointer that moved no further than this is a click, not a drag. */
const CLICK_PX = 4;
const NEAR_PX = 14;

/** Timeline of one variant: steps and states at the top, a lane per stream below. */
export function TimelineChart({ variant, timeline, view, whole, width: full, all, causes, ...props }: ChartProps) {
  const { compared, picked, onPick, onView } = props;
  const { t } = usePage();
  const gutter = full < 640 ? 104 : 184;
  const width = Math.max(120, full - gutter);
  const place = { view, width, gutter, compared };
  const layout = useMemo(() => layoutTimeline(variant, timeline, { causes, all }), [variant, timeline, causes, all]);
  const svg = useRef<SVGSVGElement>(null);
  useWheel(svg, { width, gutter, whole, onView });
  const drag = useRef<{ x: number; view: View; moved: boolean } | null>(null);
  const placeOf = (event: PointerEvent) => {
    const box = svg.current!.getBoundingClientRect();
    return { x: event.clientX - box.left - gutter, y: event.clientY - box.top };
  };
  const release = (event: PointerEvent) => {
    const began = drag.current;
    drag.current = null;
    if (!began || began.moved) return;
    const at = placeOf(event);
    const found = callAt(layout.lanes, at, place);
    if (found) onPick(found.lane.stream.name, () => found.call);
  };
  return (
    <svg
      ref={svg}
      class="timeline"
      width={full}
      height={layout.height}
      viewBox={`0 0 ${full} ${layout.height}`}
      role="group"
      aria-label={t.timeline.of(variant.title)}
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).closest('a')) return;
        drag.current = { x: event.clientX, view, moved: false };
      }}
      onPointerMove={(event) => {
        const began = drag.current;
        if (!began) return;
        const by = event.clientX - began.x;
        if (!began.moved && Math.abs(by) <= CLICK_PX) return;
        if (!began.moved) svg.current!.setPointerCapture(event.pointerId);
        began.moved = true;
        onView(() => moved(began.view, (-by / width) * (began.view.toMs - began.view.fromMs), whole));
      }}
      onPointerUp={release}
      onPointerCancel={() => (drag.current = null)}
    >
      <svg x={gutter} width={width} height={layout.height} overflow="hidden" aria-hidden="true">
        {rulerMarks(view, width).map((ms) => (
          <g key={ms} class="ruler">
            <line x1={xOf(view, width, ms)} x2={xOf(view, width, ms)} y1={16} y2={layout.height} />
            <text x={xOf(view, width, ms) + 3} y={12}>
              {t.timeline.moment(ms)}
            </text>
          </g>
        ))}
        {timeline.steps.map((step, i) => (
          <StepShape key={step.name} step={step} number={i + 1} place={place} layout={layout} />
        ))}
      </svg>
      <text class="gutter-name" x={0} y={layout.steps + 12}>
        {t.timeline.steps}
      </text>
      <Bands layout={layout} place={place} endMs={timeline.steps.at(-1)?.endMs ?? whole.toMs} />
      {layout.lanes.map((lane) => (
        <LaneShape
          key={lane.stream.name}
          variant={variant}
          lane={lane}
          place={place}
          causes={causes}
          picked={picked?.variant === variant.name && picked.stream === lane.stream.name ? picked.call : null}
          onPick={(next) => onPick(lane.stream.name, next)}
        />
      ))}
    </svg>
  );
}

interface StepShapeProps {
  step: StepResult;
  number: number;
  place: Place;
  layout: { steps: number; actions: number; height: number };
}

/** The text of a step begins after marks of actions within this distance of the step's beginning. */
const MARKS_PX = 60;

function StepShape({ step, number, place: { view, width }, layout }: StepShapeProps) {
  const { t } = usePage();
  const [from, to] = [step.beginMs, step.endMs].map((ms) => xOf(view, width, ms)) as [number, number];
  const left = Math.max(0, from);
  const room = Math.min(width, to) - left - 8;
  const name = `${number} ${step.title}`;
  const actions = step.actions.map(({ action }) => t.messages.timeline.action(action)).join(', ');
  const marks = step.actions.map(({ beginMs }) => xOf(view, width, beginMs));
  // Text would cover the marks near the beginning.
  const textAt = Math.max(left + 4, ...marks.filter((x) => x < left + MARKS_PX)) + 8;
  return (
    <g class={`step-mark ${number % 2 === 0 ? 'even' : ''}`}>
      <title>{actions === '' ? name : `${name}: ${actions}`}</title>
      <rect class="ground" x={from} y={layout.steps - 2} width={Math.max(0, to - from)} height={layout.height} />
      <line class="begin" x1={from} x2={from} y1={layout.steps - 2} y2={layout.height} />
      <text class="name" x={left + 5} y={layout.steps + 12}>
        {truncated(name, room * 0.95)}
      </text>
      {marks.map((x, i) => (
        <path key={i} class="action" d={`M${x},${layout.actions + 15}l-4,-7h8z`} />
      ))}
      <text class="actions" x={textAt} y={layout.actions + 12}>
        {truncated(actions, room - (textAt - left - 4))}
      </text>
    </g>
  );
}

/** The call at a point of the drawing; null without one. */
function callAt(
  lanes: Lane[],
  { x, y }: { x: number; y: number },
  { view, width }: Place,
): { lane: Lane; call: number } | null {
  const lane = lanes.find(({ top, height }) => y >= top && y < top + height);
  if (!lane || x < 0 || x > width) return null;
  const ms = msAt(view, width, x);
  const within = (NEAR_PX / width) * (view.toMs - view.fromMs);
  const byRow = (a: PlacedRow, b: PlacedRow) => Math.abs(a.y + ROW / 2 - y) - Math.abs(b.y + ROW / 2 - y);
  for (const { row } of lane.rows.toSorted(byRow)) {
    const call = nearestCall(row.calls, lane.stream.calls, ms, within);
    if (call !== null) return { lane, call };
  }
  return null;
}

/** Horizontal scrolling moves the view; with Ctrl, which touchpads send for a pinch, it zooms. */
function useWheel(
  svg: { current: SVGSVGElement | null },
  now: Pick<ChartProps, 'whole' | 'onView'> & { width: number; gutter: number },
): void {
  const latest = useRef(now);
  latest.current = now;
  useEffect(() => {
    const element = svg.current!;
    const turn = (event: WheelEvent) => {
      const { whole, width, gutter, onView } = latest.current;
      const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
      if (event.ctrlKey || event.metaKey) {
        const x = event.clientX - element.getBoundingClientRect().left - gutter;
        onView((view) => zoomed(view, Math.exp(event.deltaY / 300), msAt(view, width, Math.max(0, x)), whole));
      } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        onView((view) => moved(view, (sideways / width) * (view.toMs - view.fromMs), whole));
      } else return;
      event.preventDefault();
    };
    // Only a listener that is not passive may call preventDefault.
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  }, []);
}
