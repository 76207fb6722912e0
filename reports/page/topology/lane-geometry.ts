import type { Layout, Point, Wire } from './layout.ts';
import type { Lane } from './lanes.ts';

/** A lane with its position in the drawing; null for a packet that a node sent to itself. */
export interface PlacedLane {
  lane: Lane;
  line: { from: Point; to: Point } | null;
  /** Position of its number on the line: neighbours are staggered. */
  badge: number;
}

/** The curve inside a node between two wires of one packet. */
export interface Passage {
  node: string;
  path: string;
  from: PlacedLane;
  to: PlacedLane;
}

const LANE_GAP = 19;
const BADGE_STAGGER = 0.13;
const TURN_DEPTH = 26;

/** Places lanes side by side on their wires, in path order. */
export function placeLanes(lanes: Lane[], wires: Wire[]): PlacedLane[] {
  const onWire = (wire: Wire) =>
    lanes.filter(
      ({ from, to, link }) =>
        wire.link === link &&
        ((wire.from.node === from && wire.to.node === to) || (wire.from.node === to && wire.to.node === from)),
    );
  const sharers = new Map(wires.map((wire) => [wire, onWire(wire)]));
  return lanes.map((lane) => {
    const wire = wires.find((w) => sharers.get(w)?.includes(lane));
    if (!wire) return { lane, line: null, badge: 0.5 };
    const all = sharers.get(wire)!;
    const place = all.indexOf(lane);
    const { from, to } = shifted(wire, (place - (all.length - 1) / 2) * LANE_GAP);
    const along = lane.from === wire.from.node;
    const badge = 0.5 + (place % 2 === 0 ? -1 : 1) * (all.length > 1 ? BADGE_STAGGER : 0);
    return { lane, line: along ? { from, to } : { from: to, to: from }, badge: along ? badge : 1 - badge };
  });
}

/** Curves through nodes that join the observed crossings of a packet. */
export function passages(placed: PlacedLane[], layout: Layout): Passage[] {
  return placed.flatMap((to, i): Passage[] => {
    const from = placed[i - 1];
    if (!from?.line || !to.line || from.lane.direction !== to.lane.direction) return [];
    if (!from.lane.observed || !to.lane.observed || from.lane.to !== to.lane.from) return [];
    const box = layout.boxes.find(({ name }) => name === to.lane.from);
    if (!box) return [];
    const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const [a, b] = [from.line.to, to.line.from];
    // A packet that leaves on the side where it entered must not cross the box's text.
    const turns = a.x === b.x && (a.x === box.x || a.x === box.x + box.width);
    const deep = a.x + Math.sign(centre.x - a.x) * TURN_DEPTH;
    const [c1, c2] = [a, b].map((end) => (turns ? { x: deep, y: end.y } : towards(end, centre)));
    return [{ node: box.name, path: `M${xy(a)} C${xy(c1!)} ${xy(c2!)} ${xy(b)}`, from, to }];
  });
}

export function midpoint({ from, to }: { from: Point; to: Point }, at = 0.5): Point {
  return { x: from.x + (to.x - from.x) * at, y: from.y + (to.y - from.y) * at };
}

export function xy({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

/** Moves a wire sideways along the borders of both boxes, so that its ends stay on them. */
function shifted({ from: { at: a }, to: { at: b } }: Wire, offset: number): { from: Point; to: Point } {
  const [width, height] = [Math.abs(b.x - a.x), Math.abs(b.y - a.y)];
  if (height === 0) return { from: { x: a.x, y: a.y + offset }, to: { x: b.x, y: b.y + offset } };
  // The flatter the wire, the further apart its lanes must start to keep their distance.
  const along = offset * Math.min(2.4, Math.hypot(width, height) / height);
  return { from: { x: a.x + along, y: a.y }, to: { x: b.x + along, y: b.y } };
}

function towards({ x, y }: Point, centre: Point): Point {
  return { x: x + (centre.x - x) * 0.5, y: y + (centre.y - y) * 0.9 };
}
