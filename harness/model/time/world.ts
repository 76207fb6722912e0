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
import { isRefused } from '../repetition.ts';
import type { Run } from '../simulation/run.ts';
import { simulate, simulateReply, type Given } from '../simulation/simulate.ts';

/** A state of a lab in which calls of streams have constant courses. */
export interface World {
  network: Network;
  circumstances: Circumstances;
  learned: Learned;
  /** Load balancers' views of servers, by `l4 service server`. */
  views: Views;
  /** Servers that answer HTTP checks with an error. */
  failing: ReadonlySet<string>;
}

type Views = ReadonlyMap<string, View>;

/** A load balancer's view of a server. */
export interface View {
  service: LbService;
  isUp: boolean;
  /** Whether it is known immediately, without a check. */
  isAtOnce: boolean;
}

/** A possible course of a call. */
export interface Course {
  run: Run;
  prediction: Prediction;
  /** Its existing connection; null if it opens one. */
  before: Kept | null;
  /** State of the connection afterwards; null if irrelevant. */
  kept: Kept | null;
  /** Whether the caller was refused; otherwise it timed out. */
  isRefused: boolean;
  /** Unknown results of hashes, and next hops. */
  open: ReadonlySet<string>;
}

/** Retransmission time of a SYN (RFC 6298, 2.1). */
const SYN_RETRANSMIT_MS = 1000;
/** Maximum number of courses; with a big pool there may be more, which are alike. */
const MAX_COURSES = 300;

/** All courses of a call of a stream: one that opens its connection, or the next one over a kept one. */
export function courses(world: World, stream: StreamPlan, kept: Kept | null): Course[] {
  const timeout = stream.connection === 'new' && stream.timeoutMs <= SYN_RETRANSMIT_MS ? 'short' : undefined;
  const course = (base: Choices): Course => {
    const choices = new ConnectionChoices(base, kept);
    const memory = kept === null ? {} : { memory: kept.memory };
    const run = simulate(world.network, callFlow(stream), { ...givenIn(world, stream, choices), ...memory });
    const prediction = predictionOf(run, timeout);
    return {
      run,
      prediction,
      before: kept,
      kept: isKept(stream) || stream.protocol !== 'udp' ? remembered(run, choices) : null,
      isRefused: isRefused(run),
      open: choices.open,
    };
  };
  return firstOf(explore(course));
}

/** Causes that end a connection without notifying its caller: a node does not know it. */
const ENDS: CauseCode[] = ['connection-unknown', 'reply-not-from-vip'];

/**
 * How an open connection ends if the server sends first. Its program resets it when stopped; or its retransmitted
 * answer reaches a node that does not know the connection, and so does the caller's next request. Empty if it does not
 * end.
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
  for (const one of all) if (found.push(one) === MAX_COURSES) break;
  return found;
}

/** Whether nodes keep state that affects the next call: a connection, or a datagram from the same port. */
export function isKept({ connection, protocol, sourcePort }: StreamPlan): boolean {
  return connection === 'kept' || (protocol === 'udp' && sourcePort !== undefined);
}

/** A load balancer's view of a server: the previous one, otherwise the result of a check. */
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
 * Load balancers' views of servers after their checks have settled.
 * @param frozen load balancers that no longer check: their previous views apply
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

/** Nodes that forget a connection between two calls of the stream. */
function expiredBetweenCalls({ hosts }: Network, { connection, everyMs }: StreamPlan): Map<string, number> {
  if (connection === 'new') return new Map();
  return new Map(
    [...hosts].flatMap(([name, { plan }]): [string, number][] =>
      plan.idleTimeoutMs !== undefined && plan.idleTimeoutMs < everyMs ? [[name, plan.idleTimeoutMs]] : [],
    ),
  );
}
