import type { Layout, Point, Wire } from './layout.ts';
import type { Lane } from './lanes.ts';

/** A lane with its place on the drawing; null for a packet that a node sent to itself. */
export interface PlacedLane {
  lane: Lane;
  line: { from: Point; to: Point } | null;
}

/** The stretch inside a node between two wires of the same packet. */
export interface Passage {
  node: string;
  path: string;
  from: PlacedLane;
  to: PlacedLane;
}

const LANE_GAP = 15;

/** Puts lanes side by side on their wires, in the order of the way. */
export function placeLanes(lanes: Lane[], wires: Wire[]): PlacedLane[] {
  const onWire = (wire: Wire) =>
    lanes.filter(
      ({ from, to }) =>
        (wire.from.node === from && wire.to.node === to) || (wire.from.node === to && wire.to.node === from),
    );
  const sharers = new Map(wires.map((wire) => [wire, onWire(wire)]));
  return lanes.map((lane) => {
    const wire = wires.find((w) => sharers.get(w)?.includes(lane));
    if (!wire) return { lane, line: null };
    const all = sharers.get(wire)!;
    const offset = (all.indexOf(lane) - (all.length - 1) / 2) * LANE_GAP;
    const { from, to } = shifted(wire, offset);
    return { lane, line: lane.from === wire.from.node ? { from, to } : { from: to, to: from } };
  });
}

/** Curves through the nodes that join the seen crossings of a packet. */
export function passages(placed: PlacedLane[], layout: Layout): Passage[] {
  return placed.flatMap((to, i): Passage[] => {
    const from = placed[i - 1];
    if (!from?.line || !to.line || from.lane.direction !== to.lane.direction) return [];
    if (!from.lane.observed || !to.lane.observed || from.lane.to !== to.lane.from) return [];
    const box = layout.boxes.find(({ name }) => name === to.lane.from);
    if (!box) return [];
    const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const [a, b] = [from.line.to, to.line.from];
    const c1 = towards(a, centre);
    const c2 = towards(b, centre);
    return [{ node: box.name, path: `M${xy(a)} C${xy(c1)} ${xy(c2)} ${xy(b)}`, from, to }];
  });
}

export function midpoint({ from, to }: { from: Point; to: Point }, at = 0.5): Point {
  return { x: from.x + (to.x - from.x) * at, y: from.y + (to.y - from.y) * at };
}

export function xy({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

/** Moves a wire sideways: along the borders that it ends at, so that both ends stay on them. */
function shifted({ from: { at: a }, to: { at: b } }: Wire, offset: number): { from: Point; to: Point } {
  const upright = Math.abs(b.y - a.y) > Math.abs(b.x - a.x) * 0.2 && a.y !== b.y;
  const move = ({ x, y }: Point): Point => (upright ? { x: x + offset, y } : { x, y: y + offset });
  return { from: move(a), to: move(b) };
}

function towards({ x, y }: Point, centre: Point): Point {
  return { x: x + (centre.x - x) * 0.5, y: y + (centre.y - y) * 0.9 };
}
