import type { ConnectionHistory } from '../observe/stream-calls.ts';
import type { Plan, ServicePlan } from '../terms/plan.ts';
import type { PairPlan, StateBand } from '../terms/timeline.ts';

/** What is so beside the plan when a call of a stream is made. */
export interface Moment {
  /** Index of the step. */
  step: number;
  /** The plan with all its steps; that of the evidence is the one in force. */
  whole: Plan;
  /** Nodes that hold each address of a pair; several where its members do not hear each other. */
  holders: Record<string, string[]>;
  /** Present where the connection of the call is kept. */
  history?: ConnectionHistory;
}

/** How long a server must count as up after a call began, ms: what the load balancer does is told a little later. */
const TOLD_LATE_MS = 100;

/**
 * Who holds the addresses of pairs at a time, by what their members and nodes have told; nothing of pairs of which none
 * has told anything.
 * @param ms since the epoch of the bands
 */
export function holdersAmong({ pairs = [] }: Plan, bands: StateBand[], ms: number): Record<string, string[]> {
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      if (!bands.some(({ of }) => of.kind === 'member' && of.pair === pair.name)) return [];
      const holders = mastersOf(pair, bands, ms);
      return pair.addresses.map(({ address }) => [address, holders] as const);
    }),
  );
}

/** A master yields once it has heard a better one, within an advertisement: two for no longer than that are none too many. */
function mastersOf({ name, members, advertMs }: PairPlan, bands: StateBand[], ms: number): string[] {
  const terms = members.flatMap(({ node }) => {
    const own = bands.find(({ of }) => of.kind === 'member' && of.pair === name && of.node === node);
    const power = bands.find(({ of }) => of.kind === 'node' && of.node === node);
    const term = own && termAt(own, 'master', ms);
    return term === undefined || term === null || stateAt(power, ms) === 'off' ? [] : [{ node, ...term }];
  });
  const begin = Math.max(...terms.map(({ fromMs }) => fromMs));
  const end = Math.min(...terms.map(({ toMs }) => toMs));
  const lasting = end - begin > advertMs ? terms : terms.filter(({ fromMs }) => fromMs === begin);
  return lasting.map(({ node }) => node);
}

/**
 * Servers of a service that one of these load balancers has for up; null where none of them has judged any.
 * @param ms since the epoch of the bands
 */
export function healthyAmong(service: ServicePlan, l4s: string[], bands: StateBand[], ms: number): string[] | null {
  const own = bands.flatMap(({ of, spans }) =>
    of.kind === 'server' && of.service === service.name && l4s.includes(of.at) ? [{ server: of.server, spans }] : [],
  );
  if (own.length === 0) return null;
  const isDown = (server: string): boolean => {
    const judged = own.filter((band) => band.server === server);
    return (
      judged.length > 0 &&
      judged.every((band) => [ms, ms + TOLD_LATE_MS].some((moment) => stateAt(band, moment) === 'down'))
    );
  };
  return service.pool.map(({ node }) => node).filter((node) => !isDown(node));
}

type Spans = Pick<StateBand, 'spans'>;

function stateAt(band: Spans | undefined, ms: number): StateBand['spans'][number]['state'] | null {
  return band?.spans.findLast(({ fromMs }) => fromMs <= ms)?.state ?? null;
}

/** The time for which a state lasts that is there at a moment; null where another one is. */
function termAt({ spans }: Spans, state: string, ms: number): { fromMs: number; toMs: number } | null {
  const index = spans.findLastIndex(({ fromMs }) => fromMs <= ms);
  const span = spans[index];
  return span?.state === state ? { fromMs: span.fromMs, toMs: spans[index + 1]?.fromMs ?? Infinity } : null;
}
