import * as z from 'zod';
import type { OutageExpectation, StreamExpectation } from '../terms/plan.ts';
import { mustBe } from '../../lb/terms/messages.ts';
import { expectableCause, fails, inFull, mustBeCause, singleExpectation, varies, works } from './flow-schema.ts';
import { called } from './name-schema.ts';
import {
  address,
  callerPort,
  cidr,
  count,
  duration,
  linkName,
  nodeName,
  place,
  serviceName,
  title,
  wordName,
} from './schema-values.ts';

/** Traffic that continues during steps. */
export const stream = z.strictObject({
  from: nodeName.describe('Node that calls.'),
  to: called.describe('A service or a node.'),
  protocol: z.enum(['http', 'tcp', 'udp']).default('tcp').describe('Protocol of a call.'),
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .describe('Destination port; only for a node, because a service has its own.'),
  every: duration.describe('Time from one call to the next, such as `20ms`; per connection with `connection: kept`.'),
  timeout: duration
    .optional()
    .describe('Timeout of a call. Default: `900ms`, before a lost SYN would be retransmitted.'),
  connection: z
    .enum(['new', 'kept'])
    .default('new')
    .describe('`new`: a connection or socket for each call; `kept`: the same ones for all calls.'),
  connections: z.int().min(1).max(200).default(1).describe('kept only: number of connections.'),
  sourcePort: callerPort
    .optional()
    .describe(
      'Source port of every call; each call then waits until the previous one is over. Default: a new one per call.',
    ),
  requestBytes: z.int().min(0).max(60_000).default(0).describe('Extra payload of requests, bytes.'),
  replyBytes: z.int().min(0).max(60_000).default(0).describe('Extra payload of replies, bytes.'),
});

const nodes = z
  .union([nodeName, z.array(nodeName).min(1)], mustBe('a node, or a list of nodes'))
  .transform((named) => [named].flat());
const link = z
  .array(linkName)
  .length(2, 'must be the two nodes that the link connects')
  .transform(([a, b]): [string, string] => [a!, b!])
  .describe('The two nodes that the link connects; a second link between them is `[l4, l2-2]`.');
const ofPool = {
  server: nodeName.describe('A server of the pool.'),
  service: serviceName.exactOptional().describe('The service. Default: every service that has the server.'),
};
const serverOfPool = z.union(
  [nodeName.transform((server): { server: string; service?: string } => ({ server })), z.strictObject(ofPool)],
  mustBe('a server, or a mapping such as `{ server: s1, service: web }`'),
);

const actionFields = {
  kill: nodes.optional().describe('Powers nodes off: processes, kernel state and carrier are gone.'),
  start: nodes.optional().describe('Powers nodes on: they come up as after a boot.'),
  pause: nodes.optional().describe('Freezes all processes of nodes; their kernels keep running.'),
  resume: nodes.optional().describe('Ends `pause`.'),
  killLb: nodes.optional().describe('Kills the load balancer (SIGKILL): its rules stay in the kernel.'),
  stopLb: nodes.optional().describe('Stops the load balancer, which removes its rules.'),
  startLb: nodes.optional().describe('Starts the load balancer again.'),
  restartLb: nodes.optional().describe('Stops and starts the load balancer.'),
  reloadLb: nodes.optional().describe('Reloads the configuration of the load balancer.'),
  linkDown: link.optional().describe('Takes a link down: no carrier at either end.'),
  linkUp: link.optional().describe('Takes a link up.'),
  flap: z
    .strictObject({
      link,
      down: duration.describe('How long it is down each time.'),
      up: duration.describe('How long it is up in between.'),
    })
    .optional()
    .describe('A link goes down and up again until the step ends.'),
  stopListeners: nodes.optional().describe('Stops all listeners of nodes.'),
  startListeners: nodes.optional().describe('Starts the listeners of nodes again.'),
  failChecks: nodes.optional().describe('HTTP health checks get status 503 from nodes; traffic is not affected.'),
  passChecks: nodes.optional().describe('HTTP health checks get status 200 again.'),
  flushNeighbours: nodes.optional().describe('Empties the ARP and neighbour tables of nodes.'),
  flushMacs: nodes.optional().describe('Empties the MAC tables of switches.'),
  flushConnections: nodes.optional().describe('Empties the connection tables of nodes (conntrack).'),
  announce: z
    .strictObject({
      from: nodeName.describe('Node that sends it.'),
      address: z.union([address, serviceName], mustBe('an address, or a service')).describe('Address, or a VIP.'),
    })
    .optional()
    .describe('Sends a gratuitous ARP, or an unsolicited neighbour advertisement.'),
  drain: serverOfPool.optional().describe('The server gets no new connections and keeps existing ones.'),
  undrain: serverOfPool.optional().describe('The server gets new connections again.'),
  weight: z
    .strictObject({
      ...ofPool,
      weight: z.int().min(1).max(256).describe('New weight; for no new connections use `drain`.'),
    })
    .optional()
    .describe('Changes the weight of a server.'),
  addServer: serverOfPool.optional().describe('Adds a server to the pool.'),
  removeServer: serverOfPool.optional().describe('Removes a server from the pool.'),
  change: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Merge patch (RFC 7396) on servers, nodes, services; from this step on.'),
};

const ACTIONS = Object.keys(actionFields) as (keyof typeof actionFields)[];

const action = z
  .strictObject(actionFields)
  .refine((fields) => ACTIONS.filter((name) => fields[name] !== undefined).length === 1, {
    error: 'needs one action, such as `kill: l4a`; write a list for several',
    when: ({ issues }) => issues.length === 0,
  });

/** A single action needs no list. */
export const actionList = z.array(action, mustBe('an action, or a list of actions'));
const actions = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? [value] : value),
  actionList.default([]),
);

const awaited = z.strictObject({
  server: nodeName.optional().describe('A server that the load balancers check.'),
  is: z.enum(['up', 'down']).optional().describe('State of the server, as every load balancer sees it.'),
  master: nodeName.optional().describe('Member that must be the only holder of its pair’s addresses.'),
  within: duration.default(10_000).describe('How long to wait before the step fails.'),
});

const durations = z.strictObject({
  atLeast: duration.exactOptional().describe('Lower bound.'),
  atMost: duration.exactOptional().describe('Upper bound.'),
});

const causes = z
  .union([expectableCause, z.array(expectableCause).min(1)], mustBeCause('a cause, or a list of causes'))
  .transform((named) => [named].flat());

/** Calls fail for a time, then meet the expectation `then`. */
export const interrupted = z
  .strictObject({
    outcome: z.literal('interrupted'),
    outage: z
      .strictObject({
        ...durations.shape,
        cause: causes.optional().describe('Allowed causes of failing calls.'),
        at: place.optional().describe('Node where they fail, or one of its interfaces: `l4.sw2`.'),
      })
      .describe('The time during which calls fail; without bounds, any length including none.'),
    then: z
      .preprocess(inFull, singleExpectation)
      .default({ outcome: 'works' })
      .describe('Expectation for calls after it.'),
  })
  .transform(({ outcome, outage, then }): StreamExpectation => {
    const { atLeast, atMost, cause: named, at } = outage;
    const expected: OutageExpectation = {
      ...(atLeast === undefined ? {} : { atLeastMs: atLeast }),
      ...(atMost === undefined ? {} : { atMostMs: atMost }),
      ...(named === undefined ? {} : { causes: named }),
      ...(at === undefined ? {} : { at }),
    };
    return { outcome, outage: expected, then };
  });

/** Fate of kept connections. */
export const connections = z
  .strictObject({
    outcome: z.literal('connections'),
    connections: z
      .strictObject({
        survive: count.optional().describe('How many survive.'),
        reset: count.optional().describe('How many are reset or closed.'),
        stall: count.optional().describe('How many have an unanswered call when the step ends.'),
      })
      .optional()
      .describe('How many of the connections; each counts once.'),
    stallTime: durations.optional().describe('The longest time from a call to its reply.'),
    cause: causes.optional().describe('Allowed causes of ended connections.'),
  })
  .transform(({ outcome, connections: counts = {}, stallTime, cause: named }): StreamExpectation => {
    const { survive, reset, stall } = counts;
    return {
      outcome,
      ...(survive === undefined ? {} : { survive }),
      ...(reset === undefined ? {} : { reset }),
      ...(stall === undefined ? {} : { stall }),
      ...(stallTime === undefined ? {} : { stallMs: stallTime }),
      ...(named === undefined ? {} : { causes: named }),
    };
  });

/** Full expectation of a stream in a step. */
export const fullStreamExpectation = z.discriminatedUnion('outcome', [works, fails, varies, interrupted, connections], {
  error: ({ input }) =>
    input === undefined
      ? undefined
      : 'must be `works`, `survives`, or a mapping with `outcome`, `outage`, `connections`, `oneOf` or `eachOf`',
}) satisfies z.ZodType<StreamExpectation>;

/** The same as one word, or only its fields. */
const streamExpectation = z.preprocess(streamInFull, fullStreamExpectation);

/** A variant's expectation of a flow, or of a stream in a step: its name decides which, so it is read later. */
export const expectationAsWritten = z.unknown().describe('An expectation, as of a flow or of a stream in a step.');

/** Actions, then a time in which expectations apply. */
export const step = z.strictObject({
  title: title.optional().describe('One line for the report. Default: the name.'),
  do: actions.describe('Actions at the start: one action, or a list that runs in order.'),
  until: awaited.optional().describe('What to wait for after the actions.'),
  for: duration.describe('How long the step continues after that, such as `2s`.'),
  expect: z
    .record(wordName, streamExpectation)
    .default({})
    .describe('Expectations by stream: `works`, `survives` (kept connections), or a mapping.'),
});

/** Load balancers that back each other up. */
export const pair = z.strictObject({
  protocol: z.literal('vrrp').default('vrrp').describe('Protocol: VRRP version 3 (RFC 9568), with keepalived.'),
  nodes: z.array(nodeName).min(2).describe('L4 nodes; the first one has the highest priority.'),
  addresses: z
    .array(address)
    .default([])
    .describe('Addresses that the master holds in addition to VIPs and proxy IPs, such as the servers’ gateway.'),
  subnet: cidr.optional().describe('Network for VRRP advertisements. Default: the first that all members share.'),
  priorities: z.array(z.int().min(1).max(254)).optional().describe('One per node. Default: 150, 100, 50 and so on.'),
  advertMs: z
    .int()
    .min(10)
    .max(40_950)
    .multipleOf(10)
    .default(200)
    .describe('Time between advertisements, ms. A backup takes over after three missed ones plus skew.'),
  preempt: z.boolean().default(true).describe('Whether a node with higher priority takes over from a running master.'),
  gratuitousArp: z.boolean().default(true).describe('Whether a new master announces the addresses (gratuitous ARP).'),
  sync: z
    .enum(['none', 'conntrackd'])
    .default('none')
    .describe('`conntrackd` synchronises the connections of dnat and proxy.'),
});

function streamInFull(value: unknown): unknown {
  if (value === 'survives') return { outcome: 'connections' };
  if (typeof value === 'object' && value !== null && !('outcome' in value)) {
    if ('outage' in value) return { outcome: 'interrupted', ...value };
    if ('connections' in value || 'stallTime' in value) return { outcome: 'connections', ...value };
  }
  return inFull(value);
}
