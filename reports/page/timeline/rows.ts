import type { CauseCode, Place } from '../../../harness/terms/cause.ts';
import type { CallResult, StateBand } from '../../../harness/terms/timeline-results.ts';
import type { PageStream } from '../../content/page-details.ts';
import { namesText } from '../../messages/names.ts';

/** Calls in one row; `calls` are indices into the calls of the stream, in time order. */
export type Row =
  /** Null where several servers share the row. */
  | { kind: 'served'; by: string; servers: number; calls: number[] }
  | { kind: 'failed'; cause: Place | null; calls: number[] }
  /** Kept connections, one after the other. */
  | { kind: 'connection'; number: number; spans: ConnectionSpan[]; calls: number[] };

interface ConnectionSpan {
  fromMs: number;
  toMs: number;
  /** Its last call failed. */
  broken: boolean;
}

/** Maximum number of servers, connections or states with separate rows. */
const MAX_ROWS = 6;

/** Rows of a stream: one per kept connection if they are few or `all` is set, else by server, then by cause. */
export function rowsOf({ calls, connection }: PageStream, all: boolean): Row[] {
  if (connection === 'kept') {
    const rows = connectionRows(calls);
    if (all || rows.length <= MAX_ROWS) return rows;
  }
  const served = groups(calls, ({ outcome, servedBy }) => (outcome === 'works' ? (servedBy ?? '') : null));
  const failed = groups(calls, ({ outcome, cause }) => (outcome === 'fails' ? JSON.stringify(cause) : null));
  const servers = [...served.keys()].sort(natural.compare);
  return [
    ...(all || servers.length <= MAX_ROWS
      ? servers.map((by): Row => ({ kind: 'served', by, servers: 1, calls: served.get(by)! }))
      : [sharedRow(calls, servers)]),
    ...[...failed].map(([cause, of]): Row => ({ kind: 'failed', cause: JSON.parse(cause) as Place | null, calls: of })),
  ];
}

const natural = new Intl.Collator('en', { numeric: true });

function sharedRow(calls: CallResult[], servers: string[]): Row {
  const worked = calls.flatMap(({ outcome }, i) => (outcome === 'works' ? [i] : []));
  return { kind: 'served', by: namesText(servers), servers: servers.length, calls: worked };
}

/** Indices of calls by key; calls with key null are left out. */
function groups(calls: CallResult[], key: (call: CallResult) => string | null): Map<string, number[]> {
  const places = new Map<string, number[]>();
  calls.forEach((call, i) => {
    const name = key(call);
    if (name === null) return;
    const group = places.get(name);
    if (group) group.push(i);
    else places.set(name, [i]);
  });
  return places;
}

/** Each connection goes to the first row that is free at its start. */
function connectionRows(calls: CallResult[]): Row[] {
  const rows: { spans: ConnectionSpan[]; calls: number[] }[] = [];
  for (const places of groups(calls, ({ connection }) => String(connection ?? 0)).values()) {
    const [first, last] = [calls[places[0]!]!, calls[places.at(-1)!]!];
    const span = { fromMs: first.beginMs, toMs: last.endMs, broken: last.outcome === 'fails' };
    const free = rows.find(({ spans }) => spans.at(-1)!.toMs <= span.fromMs);
    if (free) {
      free.spans.push(span);
      free.calls.push(...places);
    } else rows.push({ spans: [span], calls: [...places] });
  }
  return rows.map((row, i) => ({ kind: 'connection', number: i + 1, ...row }));
}

/** Distinct cause codes of these streams, in order of appearance: the index of a code decides how it is drawn. */
export function causesIn(streams: PageStream[]): (CauseCode | null)[] {
  const failed = streams.flatMap(({ calls }) => calls.filter(({ outcome }) => outcome === 'fails'));
  return [...new Set(failed.map(({ cause }) => cause?.code ?? null))];
}

/** Index in a row of the first call that begins at this time or later. */
export function firstFrom(places: number[], calls: CallResult[], ms: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (calls[places[middle]!]!.beginMs < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The call of a row that began closest to a time, within `withinMs`; null without one. */
export function nearestCall(places: number[], calls: CallResult[], ms: number, withinMs: number): number | null {
  const at = firstFrom(places, calls, ms);
  const distance = (place: number | undefined) =>
    place === undefined ? Infinity : Math.abs(calls[place]!.beginMs - ms);
  const [before, after] = [places[at - 1], places[at]];
  const nearest = distance(before) < distance(after) ? before : after;
  return nearest !== undefined && distance(nearest) <= withinMs ? nearest : null;
}

/** The next call, or next failed call, in a direction; from the end if none is selected. `from` if there is none. */
export function neighbouringCall(calls: CallResult[], from: number | null, by: 1 | -1, failed: boolean): number | null {
  const start = from ?? (by === 1 ? -1 : calls.length);
  for (let i = start + by; i >= 0 && i < calls.length; i += by) if (!failed || calls[i]!.outcome === 'fails') return i;
  return from;
}

const KINDS: StateBand['of']['kind'][] = ['member', 'node', 'server'];

function orderOf(of: StateBand['of']): string {
  if (of.kind === 'server') return [of.at, of.service, of.server].join(' ');
  return of.kind === 'member' ? `${of.pair} ${of.node}` : of.node;
}

/** Bands to draw; bands that never change, and the number beyond the maximum, are not drawn. */
export function shownBands(
  bands: StateBand[],
  all: boolean,
): { shown: StateBand[]; steady: StateBand[]; more: number } {
  const sorted = bands.toSorted(
    (a, b) => KINDS.indexOf(a.of.kind) - KINDS.indexOf(b.of.kind) || natural.compare(orderOf(a.of), orderOf(b.of)),
  );
  if (all) return { shown: sorted, steady: [], more: 0 };
  const isSteady = ({ of, spans }: StateBand) => of.kind !== 'member' && spans.every(({ state }) => state === 'up');
  const changing = sorted.filter((band) => !isSteady(band));
  const servers = changing.filter(({ of }) => of.kind === 'server');
  const hidden = new Set(servers.slice(MAX_ROWS));
  return {
    shown: changing.filter((band) => !hidden.has(band)),
    steady: sorted.filter(isSteady),
    more: hidden.size,
  };
}
