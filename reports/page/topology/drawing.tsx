import { toneOf } from '../../content/directions.ts';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Plan } from '../../../harness/terms/plan.ts';
import { usePage } from '../state/context.ts';
import { useMedia } from '../state/use-media.ts';
import { foldAlike } from './fold-alike.ts';
import { LaneArrow } from './lane-arrow.tsx';
import { passages, placeLanes, type PlacedLane, xy } from './lane-geometry.ts';
import type { Lane } from './lanes.ts';
import { type Box, type Layout, layoutTopology, type Size, type Wire } from './layout.ts';

export interface DrawingProps {
  plan: Plan;
  lanes: Lane[];
  /** Selected crossing; 0 shows all. */
  step: number;
  title: string;
  /** Node at which the packet was lost or turned back, with the cause code. */
  mark: { node: string; label: string } | null;
  /** Shown directly below the drawing. */
  children?: ComponentChildren;
}

/** The lab as tiers of boxes, with a flow's path drawn over its wires. */
export function TopologyDrawing({ plan, lanes, step, title, mark, children }: DrawingProps) {
  const { t } = usePage();
  const size = useMedia('screen and (max-width: 700px)') ? 'compact' : 'full';
  const layout = useMemo(() => {
    const ofLanes = new Set([...lanes.flatMap(({ from, to }) => [from, to]), ...(mark ? [mark.node] : [])]);
    return layoutTopology(foldAlike(plan, ofLanes), size);
  }, [plan, size, lanes, mark?.node]);
  const placed = useMemo(() => placeLanes(lanes, layout.wires), [lanes, layout]);
  const inner = useMemo(() => passages(placed, layout), [placed, layout]);
  const stateOf = ({ lane }: PlacedLane) =>
    step === 0 ? '' : lane.number === step ? 'current' : lane.number !== null && lane.number < step ? 'past' : 'future';
  return (
    <>
      <svg
        class={`topology ${size}`}
        viewBox={`0 0 ${Math.ceil(layout.width)} ${Math.ceil(layout.height)}`}
        style={{ maxWidth: `${Math.ceil(layout.width * 1.1)}px` }}
        role="img"
        aria-label={mark ? `${title}: ${mark.label}, ${t.diedAt(mark.node)}` : title}
      >
        {layout.wires
          .filter((wire) => !isCrossed(wire, lanes))
          .map((wire, i) => (
            <path key={i} class="wire" d={`M${xy(wire.from.at)} L${xy(wire.to.at)}`} />
          ))}
        {layout.boxes.map((box) => (
          <BoxShape key={box.name} box={box} dead={mark?.node === box.name} />
        ))}
        {inner.map(({ path, to }, i) => (
          <path key={i} class={`passage ${toneOf(to.lane.direction)} ${stateOf(to)}`} d={path} />
        ))}
        {layout.boxes.map((box) => (
          <BoxText key={box.name} box={box} size={size} />
        ))}
        {placed.map((p, i) => (
          <LaneArrow key={i} placed={p} state={stateOf(p)} />
        ))}
        {mark && <DeathMark layout={layout} node={mark.node} label={mark.label} />}
      </svg>
      {children}
      {size === 'compact' && <AddressList boxes={layout.boxes} />}
    </>
  );
}

/** Text that does not fit into the boxes of a compact drawing. */
function AddressList({ boxes }: { boxes: Box[] }) {
  return (
    <dl class="addresses">
      {boxes
        .filter(({ label }) => label.lines.length > 0)
        .map(({ name, label }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {label.lines.map(({ kind, text }, i) => (
                <span key={i} class={kind}>
                  {text}
                </span>
              ))}
            </dd>
          </div>
        ))}
    </dl>
  );
}

function isCrossed({ from, to, link }: Wire, lanes: Lane[]): boolean {
  const ends = [from.node, to.node];
  return lanes.some(
    (lane) => lane.link === link && ends.includes(lane.from) && ends.includes(lane.to) && lane.from !== lane.to,
  );
}

function BoxShape({ box, dead }: { box: Box; dead: boolean }) {
  return (
    <rect
      class={`box ${box.label.role} ${dead ? 'dead' : ''}`}
      x={box.x}
      y={box.y}
      width={box.width}
      height={box.height}
      rx={8}
    />
  );
}

function BoxText({ box, size }: { box: Box; size: Size }) {
  const [left, right, top] = [box.x + box.indent, box.x + box.width - box.outdent, box.y + 22];
  const role = size === 'compact' ? { x: left, y: top + 16 } : { x: right, y: top, 'text-anchor': 'end' as const };
  return (
    <g class={`box-text ${box.label.role}`}>
      <text class="node-name" x={left} y={top}>
        {box.name}
      </text>
      <text class="node-role" {...role}>
        {box.label.role}
      </text>
      {size === 'full' &&
        box.label.lines.map(({ kind, text }, i) => (
          <text key={i} class={`node-line ${kind}`} x={left} y={top + 20 + i * 16}>
            {text}
          </text>
        ))}
    </g>
  );
}

/** The cause code at the border of its node, on a side without wires. */
function DeathMark({ layout, node, label }: { layout: Layout; node: string; label: string }) {
  const box = layout.boxes.find(({ name }) => name === node);
  if (!box) return null;
  const ends = layout.wires.flatMap(({ from, to }) => [from, to]).filter((end) => end.node === node);
  const free = (y: number) => ends.every(({ at }) => at.y !== y);
  const width = label.length * 7.3 + 30;
  // Slightly outside the box, so that its first and last line stay readable.
  const [top, bottom] = [box.y, box.y + box.height];
  const y = free(top) ? top - 6 : free(bottom) ? bottom + 6 : (top + bottom) / 2;
  const beside = !free(top) && !free(bottom);
  const centre = beside ? box.x + box.width : box.x + box.width / 2;
  const x = Math.min(Math.max(2, centre - width / 2), layout.width - width - 2);
  return (
    <g class="death">
      <rect x={x} y={y - 10} width={width} height={20} rx={10} />
      <text x={x + width / 2} y={y + 4} text-anchor="middle">
        ✗ {label}
      </text>
    </g>
  );
}
