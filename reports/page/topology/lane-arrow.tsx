import { toneOf } from '../../content/directions.ts';
import { usePage } from '../state/context.ts';
import { midpoint, type PlacedLane, xy } from './lane-geometry.ts';
import type { Point } from './layout.ts';

/** One crossing: grey if predicted, coloured and numbered if observed, red where it was lost or differs. */
export function LaneArrow({ placed: { lane, line, badge: at }, state }: { placed: PlacedLane; state: string }) {
  const { t } = usePage();
  if (!line) return null;
  const arrived = lane.observed?.in !== null;
  const to = arrived ? line.to : midpoint(line, 0.62);
  const d = `M${xy(line.from)} L${xy(back(line.from, to, lane.observed ? 7 : 0))}`;
  const badge = midpoint(line, arrived ? at : 0.3);
  return (
    <g class={`lane ${toneOf(lane.direction)} ${state}`}>
      {lane.predicted && <path class="predicted" d={`M${xy(line.from)} L${xy(line.to)}`} />}
      {lane.observed && (
        <>
          <path class="seen" d={d} />
          <path class="head" d={arrowHead(line.from, to)} />
          {!arrived && <path class="lost" d={crossAt(to)} />}
          {state === 'current' && (
            <circle key={lane.number} class="packet" r={6} style={{ offsetPath: `path("${d}")` }} />
          )}
          <circle class="number-disc" cx={badge.x} cy={badge.y} r={9.5} />
          <text class="number-text" x={badge.x} y={badge.y + 3.5} text-anchor="middle">
            {lane.number}
          </text>
        </>
      )}
      {lane.differs && (
        <g class="difference">
          <title>{t.differsHere}</title>
          <circle cx={midpoint(line, 0.24).x} cy={midpoint(line, 0.24).y} r={8} />
          <text x={midpoint(line, 0.24).x} y={midpoint(line, 0.24).y + 4} text-anchor="middle">
            ≠
          </text>
        </g>
      )}
    </g>
  );
}

/** The point `distance` pixels before the end. */
function back(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return midpoint({ from, to }, 1 - distance / length);
}

function arrowHead(from: Point, to: Point): string {
  const base = back(from, to, 9);
  const [dx, dy] = [(to.y - base.y) / 9, (base.x - to.x) / 9];
  const left = { x: base.x + dx * 4.5, y: base.y + dy * 4.5 };
  const right = { x: base.x - dx * 4.5, y: base.y - dy * 4.5 };
  return `M${xy(to)} L${xy(left)} L${xy(right)} Z`;
}

function crossAt({ x, y }: Point): string {
  return `M${x - 6},${y - 6} L${x + 6},${y + 6} M${x + 6},${y - 6} L${x - 6},${y + 6}`;
}
