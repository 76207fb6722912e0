import { useMemo } from 'preact/hooks';
import type { Plan } from '../../../harness/scenario/plan.ts';
import { usePage } from '../context.ts';
import { LaneArrow } from './lane-arrow.tsx';
import { passages, placeLanes, type PlacedLane, xy } from './lane-geometry.ts';
import type { Lane } from './lanes.ts';
import { type Box, type Layout, layoutTopology, type Wire } from './layout.ts';

export interface DrawingProps {
  plan: Plan;
  lanes: Lane[];
  /** Crossing that is stepped to; 0 shows all. */
  step: number;
  title: string;
  /** Node at which the packet died or turned, with the cause's code. */
  mark: { node: string; label: string } | null;
}

/** The lab as tiers of boxes, with the way of a flow drawn over its wires. */
export function TopologyDrawing({ plan, lanes, step, title, mark }: DrawingProps) {
  const { t } = usePage();
  const layout = useMemo(() => layoutTopology(plan), [plan]);
  const placed = useMemo(() => placeLanes(lanes, layout.wires), [lanes, layout]);
  const inner = useMemo(() => passages(placed, layout), [placed, layout]);
  const stateOf = ({ lane }: PlacedLane) =>
    step === 0 ? '' : lane.number === step ? 'current' : lane.number !== null && lane.number < step ? 'past' : 'future';
  return (
    <svg
      class="topology"
      viewBox={`0 0 ${Math.ceil(layout.width)} ${Math.ceil(layout.height)}`}
      style={{
        maxWidth: `${Math.ceil(layout.width * 1.1)}px`,
        minWidth: `${Math.min(520, Math.ceil(layout.width))}px`,
      }}
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
        <path key={i} class={`passage ${to.lane.direction} ${stateOf(to)}`} d={path} />
      ))}
      {layout.boxes.map((box) => (
        <BoxText key={box.name} box={box} />
      ))}
      {placed.map((p, i) => (
        <LaneArrow key={i} placed={p} state={stateOf(p)} />
      ))}
      {mark && <DeathMark layout={layout} node={mark.node} label={mark.label} />}
    </svg>
  );
}

function isCrossed({ from, to }: Wire, lanes: Lane[]): boolean {
  const ends = [from.node, to.node];
  return lanes.some((lane) => ends.includes(lane.from) && ends.includes(lane.to) && lane.from !== lane.to);
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

function BoxText({ box }: { box: Box }) {
  return (
    <g class="box-text">
      <text class="node-name" x={box.x + 12} y={box.y + 22}>
        {box.name}
      </text>
      <text class="node-role" x={box.x + box.width - 12} y={box.y + 22} text-anchor="end">
        {box.label.role}
      </text>
      {box.label.lines.map(({ kind, text }, i) => (
        <text key={i} class={`node-line ${kind}`} x={box.x + 12} y={box.y + 42 + i * 16}>
          {text}
        </text>
      ))}
    </g>
  );
}

/** The cause's code at the border of its node where no wire ends. */
function DeathMark({ layout, node, label }: { layout: Layout; node: string; label: string }) {
  const box = layout.boxes.find(({ name }) => name === node);
  if (!box) return null;
  const ends = layout.wires.flatMap(({ from, to }) => [from, to]).filter((end) => end.node === node);
  const free = (y: number) => ends.every(({ at }) => at.y !== y);
  const width = label.length * 7.3 + 30;
  // A little outside of the box, so that its first and last line stay readable.
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
