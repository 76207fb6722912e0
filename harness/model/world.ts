import type { LbServer, LbService } from '../../lb/terms/config.ts';
import type { FlowPlan } from '../terms/plan.ts';
import type { StreamPlan } from '../terms/timeline.ts';
import type { Prediction } from '../terms/walk.ts';
import { explore } from './choices.ts';
import type { Choices } from './choices.ts';
import type { Circumstances } from './circumstances.ts';
import { isHealthy } from './health.ts';
import { ConnectionChoices, remembered, type Kept } from './kept-connection.ts';
import type { Learned } from './learned.ts';
import type { Host, Network } from './network.ts';
import { predictionOf } from './predict.ts';
import { isTurnedAway } from './repetition.ts';
import type { Run } from './run.ts';
import { simulate } from './simulate.ts';

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
}

/** A way that a call may go. */
export interface Course {
  run: Run;
  prediction: Prediction;
  /** The connection that it goes over; null where it opens its own. */
  before: Kept | null;
  /** The connection as it is remembered then; null where nothing of it matters to anybody. */
  kept: Kept | null;
  /** Whether the caller was told that it gets nothing; otherwise it waits. */
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
  const { network, learned } = world;
  const circumstances = { ...world.circumstances, expired: expiredBetweenCalls(network, stream) };
  const flow = flowOf(stream);
  const patience = stream.connection === 'new' && stream.timeoutMs <= SYN_AGAIN_MS ? 'short' : undefined;
  const all: Course[] = [];
  const course = (base: Choices): Course => {
    const choices = new ConnectionChoices(base, network, kept);
    const run = simulate(network, flow, {
      choices,
      isUp: (host, service, server) => viewOf(world, host, { service, server }),
      states: new Map(learned),
      circumstances,
      ...(kept === null ? {} : { memory: kept.memory }),
    });
    const prediction = predictionOf(run, patience);
    return {
      run,
      prediction,
      before: kept,
      kept: isKept(stream) || stream.protocol !== 'udp' ? remembered(run, choices) : null,
      isTurnedAway: isTurnedAway(run),
      open: choices.open,
    };
  };
  for (const one of explore(course)) if (all.push(one) === MOST_COURSES) break;
  return all;
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
        all.set(key, former ?? { service, isUp: viewOf({ ...world, views: new Map() }, host, { service, server }) });
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

function flowOf({
  name,
  from,
  source,
  to,
  address,
  protocol,
  port,
  requestBytes,
  replyBytes,
  at,
}: StreamPlan): FlowPlan {
  return {
    name,
    from,
    source,
    to,
    address,
    protocol,
    port,
    repeat: 1,
    requestBytes,
    replyBytes,
    expect: { outcome: 'works' },
    at,
  };
}
