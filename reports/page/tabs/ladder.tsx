import { useMemo } from 'preact/hooks';
import type { Frame } from '../../../harness/terms/sighting.ts';
import type { PageAttempt } from '../../content/page-details.ts';
import { foldLoops } from '../../content/loops.ts';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';
import { isEchoReply } from '../ladder/icmp.ts';
import { type PacketCrossing, packetCrossings, packetLook } from '../ladder/packet-crossings.ts';
import { HIDDEN, toFragment } from '../state/route.ts';
import { layoutTopology } from '../topology/layout.ts';
import { peersOf } from '../../content/peers.ts';

const LANE_WIDTH = { least: 190, most: 260 };
/** Width available for a ladder on a large screen. */
const PAGE_WIDTH = 1180;
const ROW_HEIGHT = 34;
const TIME_WIDTH = 84;
const HEAD = 40;

/** Packets in time order: one lane per node, one arrow per crossing. */
export function LadderTab({ variant, attempt, flow }: FlowView & { attempt: PageAttempt | null }) {
  const { state, go, t } = usePage();
  const order = useMemo(() => layoutTopology(variant.plan).boxes.map(({ name }) => name), [variant]);
  const all = useMemo(() => packetCrossings(attempt?.packets ?? [], peersOf(variant.plan)), [variant, attempt]);
  if (!attempt) return <p class="calm">{t.notRun}</p>;
  if (attempt.sameAs !== null) {
    return (
      <p class="note">
        {t.samePackets(attempt.sameAs + 1)}{' '}
        <a href={toFragment({ ...state, attempt: attempt.sameAs + 1 })}>{t.attempt(attempt.sameAs + 1)}</a>
      </p>
    );
  }
  if (all.length === 0) {
    const self = attempt.findings.some(({ code }) => code === 'answered-by-itself');
    return <p class="note">{self ? t.answeredByItself(flow.from) : t.noPackets}</p>;
  }
  const switches = new Set(variant.plan.nodes.filter(({ bridge }) => bridge).map(({ name }) => name));
  const wanted = state.hide.includes('arp') ? all.filter(({ frame }) => frame.arp === undefined) : all;
  const crossings = state.hide.includes('switches') ? withoutSwitches(wanted, switches) : wanted;
  const touched = new Set(crossings.flatMap(({ from, to }) => [from, to]));
  const lanes = order.filter((name) => touched.has(name));
  const laneWidth = Math.max(LANE_WIDTH.least, Math.min(LANE_WIDTH.most, (PAGE_WIDTH - TIME_WIDTH) / lanes.length));
  const x = (node: string) => TIME_WIDTH + (lanes.indexOf(node) + 0.5) * laneWidth;
  const width = TIME_WIDTH + lanes.length * laneWidth;
  const called = attempt.observed.request[0]?.dst.port ?? null;
  const rows = foldLoops(crossings, packetLook);
  const height = rows.length * ROW_HEIGHT + 24;
  return (
    <>
      <p class="row">
        {HIDDEN.map((what) => {
          const hidden = state.hide.includes(what);
          const others = state.hide.filter((other) => other !== what);
          return (
            <label key={what} class="switch">
              <input
                type="checkbox"
                checked={hidden}
                onChange={() => go({ hide: hidden ? others : [...others, what] }, true)}
              />{' '}
              {t.hide[what]}
            </label>
          );
        })}
      </p>
      <div class="ladder-scroll" tabIndex={0} role="region" aria-label={t.ladderTitle}>
        <svg class="ladder-names" width={width} height={HEAD} viewBox={`0 0 ${width} ${HEAD}`} aria-hidden="true">
          {lanes.map((name) => (
            <text key={name} class="node-name" x={x(name)} y={24} text-anchor="middle">
              {name}
            </text>
          ))}
        </svg>
        <svg
          class="ladder"
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={t.ladderTitle}
        >
          {lanes.map((name) => (
            <line key={name} class="lifeline" x1={x(name)} x2={x(name)} y1={0} y2={height} />
          ))}
          {rows.map(({ step: crossing, fold }, i) =>
            fold ? (
              <text key={i} class="fold" x={TIME_WIDTH} y={(i + 0.7) * ROW_HEIGHT}>
                {t.fold(fold)}
              </text>
            ) : (
              <Arrow
                key={i}
                crossing={crossing}
                y={(i + 0.7) * ROW_HEIGHT}
                called={called}
                from={x(crossing.from)}
                to={x(crossing.to)}
              />
            ),
          )}
        </svg>
      </div>
    </>
  );
}

interface ArrowProps {
  crossing: PacketCrossing;
  /** Destination port of the call; null for ICMP. */
  called: number | null;
  y: number;
  from: number;
  to: number;
}

function Arrow({ crossing, called, y, from, to }: ArrowProps) {
  const sign = to >= from ? 1 : -1;
  const end = crossing.arrived ? to : (from + to) / 2;
  const kind = kindOf(crossing.frame, called);
  return (
    <g class={`arrow ${kind}`}>
      <text class="time" x={4} y={y + 4}>
        {timeText(crossing.time)}
      </text>
      <line x1={from} x2={end - sign * 6} y1={y} y2={y} />
      <path d={`M${end},${y} l${-sign * 9},-4.5 v9 z`} />
      {!crossing.arrived && <path class="lost" d={`M${end + 2},${y - 6} l12,12 m0,-12 l-12,12`} />}
      <text class="label" x={(from + to) / 2} y={y - 6} text-anchor="middle">
        {crossing.label.map(({ text, changed }, i) => (
          <tspan key={i} class={changed ? 'changed' : undefined}>
            {text}
          </tspan>
        ))}
      </text>
    </g>
  );
}

function kindOf(frame: Frame, called: number | null): string {
  const { arp, tcp, udp, icmp } = frame;
  if (arp) return 'arp';
  if (tcp?.flags.includes('R')) return 'reset';
  if (icmp) return isEchoReply(icmp) ? 'reply' : 'request';
  return (tcp ?? udp)?.srcPort === called ? 'reply' : 'request';
}

/** Merges the arrows into and out of a switch into one from node to node. */
function withoutSwitches(crossings: PacketCrossing[], switches: Set<string>): PacketCrossing[] {
  const joined: PacketCrossing[] = [];
  for (const crossing of crossings) {
    const before = switches.has(crossing.from)
      ? joined.findLast(
          (c) =>
            c.to === crossing.from &&
            c.frame.srcMac === crossing.frame.srcMac &&
            c.frame.ip?.id === crossing.frame.ip?.id,
        )
      : undefined;
    if (before) Object.assign(before, { to: crossing.to, arrived: crossing.arrived });
    else joined.push({ ...crossing });
  }
  return joined;
}

/** Nanoseconds as milliseconds with three decimals. */
function timeText(ns: number): string {
  return `${(ns / 1e6).toFixed(3)} ms`;
}
