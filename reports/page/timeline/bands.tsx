import type { BandState, StateBand } from '../../../harness/terms/timeline-results.ts';
import { namesText } from '../../messages/names.ts';
import { usePage } from '../state/context.ts';
import type { Place } from './place.ts';
import { ROW, type TimelineLayout } from './layout.ts';
import { xOf } from './scale.ts';
import { truncated } from './text-width.ts';

export interface BandsProps {
  layout: TimelineLayout;
  place: Place;
  /** End of the last state of each band. */
  endMs: number;
}

/** States over time: members of pairs, servers as seen by load balancers, nodes. */
export function Bands({ layout: { bands, steady, more }, place, endMs }: BandsProps) {
  const { t } = usePage();
  return (
    <g class="bands">
      {bands.map(({ band, y }, i) => (
        <Band key={i} band={band} y={y} place={place} endMs={endMs} />
      ))}
      {more && (
        <text class="gutter-note" x={0} y={more.y + 12}>
          {t.timeline.moreBands(more.bands)}
        </text>
      )}
      {steady && (
        <text class="gutter-note" x={0} y={steady.y + 12}>
          {truncated(t.timeline.steady(steadyText(steady.bands)), place.gutter + place.width)}
        </text>
      )}
    </g>
  );
}

function Band({ band: { of, spans }, y, place: { view, width, gutter }, endMs }: BandProps) {
  const { t } = usePage();
  const name = of.kind === 'node' ? t.timeline.node(of.node) : bandName(of);
  const states = spans.map(({ state }) => t.messages.timeline.states[state]).join(' → ');
  return (
    <g class="band" role="img" aria-label={`${name}: ${states}`}>
      <title>{`${name}: ${states}`}</title>
      <text class="gutter-name" x={0} y={y + 12}>
        {truncated(name, gutter - 8)}
      </text>
      <svg x={gutter} y={y} width={width} height={ROW} overflow="hidden">
        {spans.map(({ fromMs, state }, i) => {
          const [from, to] = [fromMs, spans[i + 1]?.fromMs ?? endMs].map((ms) => xOf(view, width, ms)) as [
            number,
            number,
          ];
          const left = Math.max(0, from);
          return (
            <g key={i} class={`state ${state}`}>
              <rect x={from} y={2} width={Math.max(1, to - from)} height={ROW - 3} />
              {HATCHED.includes(state) && <path class="hatch" d={hatch(left, Math.min(width, to))} />}
              <text x={left + 4} y={12}>
                {truncated(t.messages.timeline.states[state], Math.min(width, to) - left - 6)}
              </text>
            </g>
          );
        })}
      </svg>
    </g>
  );
}

interface BandProps {
  band: StateBand;
  y: number;
  place: Place;
  endMs: number;
}

/** States without service, hatched so that they can be recognized without colour. */
const HATCHED: BandState[] = ['fault', 'down', 'off', 'paused'];

function hatch(from: number, to: number): string {
  const count = Math.max(0, Math.ceil((to - from) / 6));
  return Array.from({ length: count }, (_, i) => `M${from + i * 6},${ROW - 1}l6,-${ROW - 3}`).join('');
}

function bandName(of: Exclude<StateBand['of'], { kind: 'node' }>): string {
  return of.kind === 'member' ? `${of.node} (${of.pair})` : `${of.server} @ ${of.at} (${of.service})`;
}

/** `s1, s2, s3 @ l4b; client`. */
function steadyText(bands: StateBand[]): string {
  const servers = new Map<string, string[]>();
  const nodes = [];
  for (const { of } of bands) {
    if (of.kind === 'server') servers.set(of.at, [...(servers.get(of.at) ?? []), of.server]);
    else if (of.kind === 'node') nodes.push(of.node);
  }
  return [
    ...[...servers].map(([at, names]) => `${namesText(names)} @ ${at}`),
    ...(nodes.length > 0 ? [namesText(nodes)] : []),
  ].join('; ');
}
