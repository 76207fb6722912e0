import { callFlow } from '../../terms/call-flow.ts';
import type { LbServer, LbService } from '../../../lb/terms/config.ts';
import type { CauseCode, Place } from '../../terms/cause.ts';
import type { StreamPlan } from '../../terms/plan.ts';
import type { Prediction } from '../../terms/walk.ts';
import { explore } from '../simulation/choices.ts';
import type { Choices } from '../simulation/choices.ts';
import type { Circumstances } from '../simulation/circumstances.ts';
import { isHealthy, isInReach } from '../health.ts';
import { ConnectionChoices, remembered, type Kept } from './kept-connection.ts';
import type { Learned } from '../learned.ts';
import type { Host, Network } from '../simulation/network.ts';
import { placesOf } from './predicted-outage.ts';
import { predictionOf } from '../predict.ts';
import { isTurnedAway } from '../repetition.ts';
import type { Run } from '../simulation/run.ts';
import { simulate, simulateReply, type Given } from '../simulation/simulate.ts';

/** A state of a lab in which calls of streams go the same ways as long as it lasts. */
export interface World {
  network: Network;
  circumstances: Circumstances;
  learned: Learned;
  /** What load balancers think of servers, by `l4 service server`. */
  views: Views;
  /** Servers that answer checks by HTTP with an error. */
  failing: ReadonlySet<string>;
}

type Views = ReadonlyMap<string, View>;

/** What a load balancer thinks of a server of a service. */
export interface View {
  service: LbService;
  isUp: boolean;
  /** Whether it knows so by itself, and not by a check that takes its time. */
  isAtOnce: boolean;
}

/** A way that a call may go. */
export interface Course {
  run: Run;
  prediction: Prediction;
  /** The connection that it goes over; null where it opens its own. */
  before: Kept | null;
  /** The connection as it is remembered then; null where nothing of it matters to anybody. */
  kept: Kept | null;
  /** Whether the caller was told that it gets nothing; otherwise it timeout. */
  isTurnedAway: boolean;
  /** Picks of hashes, and next hops, that are not known. */
  open: ReadonlySet<string>;
}

/** A SYN is sent again after a second (RFC 6298, 2.1). */
const SYN_AGAIN_MS = 1000;
/** More ways than these a call of a big pool may have, and they are alike. */
const MOST_COURSES = 300;

/** Every way that a call of a stream may go: one that opens its connection, or the next one over a kept one. */
export function courses(world: World, stream: StreamPlan, kept: Kept | null): Course[] {
  const timeout = stream.connection === 'new' && stream.timeoutMs <= SYN_AGAIN_MS ? 'short' : undefined;
  const course = (base: Choices): Course => {
    const choices = new ConnectionChoices(base, world.network, kept);
    const memory = kept === null ? {} : { memory: kept.memory };
    const run = simulate(world.network, callFlow(stream), { ...givenIn(world, stream, choices), ...memory });
    const prediction = predictionOf(run, timeout);
    return {
      run,
      prediction,
      before: kept,
      kept: isKept(stream) || stream.protocol !== 'udp' ? remembered(run, choices) : null,
      isTurnedAway: isTurnedAway(run),
      open: choices.open,
    };
  };
  return firstOf(explore(course));
}

/** What ends a connection although its caller has been told nothing: a node that says that it knows of none. */
const ENDS: CauseCode[] = ['connection-unknown', 'reply-not-from-vip'];

/**
 * How an open connection ends where the server is the first to speak on it. Its program resets it when it is stopped; or the
 * answer that it sends once more meets a node that knows nothing of it, and so does the caller's next request at the server.
 * Empty where it does not end.
 */
export function endedByServer(world: World, stream: StreamPlan, { memory, endedBy = [] }: Kept): Place[] {
  if (stream.protocol === 'udp') return [];
  const [socket] = memory.sockets ?? [];
  if (socket === undefined) return endedBy.map((node) => ({ code: 'refused', node }));
  const replied = (choices: Choices): Prediction =>
    predictionOf(
      simulateReply(world.network, callFlow(stream), { ...givenIn(world, stream, choices), memory }),
      'short',
    );
  return placesOf(firstOf(explore(replied)))
    .filter(({ code }) => ENDS.includes(code))
    .flatMap((place) => [place, { code: 'connection-unknown', node: socket.split(' ')[0]! }]);
}

function givenIn(world: World, stream: StreamPlan, choices: Choices): Given {
  const { network, learned } = world;
  return {
    choices,
    isUp: (host, service, server) => viewOf(world, host, { service, server }),
    states: new Map(learned),
    circumstances: { ...world.circumstances, expired: expiredBetweenCalls(network, stream) },
  };
}

function firstOf<T>(all: Iterable<T>): T[] {
  const found: T[] = [];
  for (const one of all) if (found.push(one) === MOST_COURSES) break;
  return found;
}

/** Whether nodes remember of a call what decides over the next one: a connection, or a datagram from the same port. */
export function isKept({ connection, protocol, sourcePort }: StreamPlan): boolean {
  return connection === 'kept' || (protocol === 'udp' && sourcePort !== undefined);
}

/** What a load balancer thinks of a server: what it thought before, or else what a check finds. */
function viewOf(
  { network, circumstances, learned, views, failing }: World,
  host: Host,
  { service, server }: { service: LbService; server: LbServer },
): boolean {
  const known = views.get(viewKey(host.name, service.name, server.name))?.isUp;
  const checked = { network, host, service, server };
  return known ?? isHealthy(checked, { states: new Map(learned), circumstances, failing });
}

/**
 * What load balancers think of their servers once their checks have settled.
 * @param frozen load balancers that check nobody any more: what they thought before holds
 */
export function viewsOf(world: World, frozen: ReadonlySet<string>): Map<string, View> {
  const all = new Map<string, View>();
  for (const host of world.network.hosts.values()) {
    for (const service of host.plan.balancer?.config.services ?? []) {
      for (const server of service.servers) {
        const key = viewKey(host.name, service.name, server.name);
        const former = frozen.has(host.name) ? world.views.get(key) : undefined;
        const checked = { network: world.network, host, service, server };
        const isUp = viewOf({ ...world, views: new Map() }, host, { service, server });
        all.set(key, former ?? { service, isUp, isAtOnce: service.check.type === 'none' || !isInReach(checked) });
      }
    }
  }
  return all;
}

function viewKey(l4: string, service: string, server: string): string {
  return `${l4} ${service} ${server}`;
}

/** Nodes that forget a connection from one call of the stream to the next. */
function expiredBetweenCalls({ hosts }: Network, { connection, everyMs }: StreamPlan): Map<string, number> {
  if (connection === 'new') return new Map();
  return new Map(
    [...hosts].flatMap(([name, { plan }]): [string, number][] =>
      plan.idleTimeoutMs !== undefined && plan.idleTimeoutMs < everyMs ? [[name, plan.idleTimeoutMs]] : [],
    ),
  );
}
