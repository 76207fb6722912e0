import { randomBytes } from 'node:crypto';
import { replyPortsIn, type FlowKey } from '../observe/flow-packets.ts';
import { serviceOf } from '../scenario/lookup.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { nextSourcePort } from './source-ports.ts';

/** Identifies the packets of a flow's next call: a new source port (unless the flow sets it) and a new token. */
export function nextFlowKey(flow: FlowPlan, plan: Plan): FlowKey {
  const { from, protocol, address, port } = flow;
  const own = ownServiceOf(plan, flow);
  return {
    caller: from,
    protocol: protocol === 'http' ? 'tcp' : protocol,
    address,
    port,
    serverPorts: serviceOf(plan, flow)?.pool.map((server) => server.port) ?? [],
    ...replyPortsIn(plan),
    ...(own === undefined ? {} : { ownServers: own.pool }),
    sourcePort: protocol === 'icmp' ? 0 : (flow.sourcePort ?? unusedPort(plan)),
    token: newToken(),
    ...(flow.outOfWindow === undefined ? {} : { mayGoOn: true as const }),
  };
}

/** A source port that no flow has set. */
function unusedPort({ flows }: Plan): number {
  let port = nextSourcePort();
  while (flows.some(({ sourcePort }) => sourcePort === port)) port = nextSourcePort();
  return port;
}

function newToken(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return `l4lab-${[...randomBytes(8)].map((byte) => alphabet[byte % 36]).join('')}`;
}

/** Number of characters shared by all tokens of a stream. */
const PREFIX = 3;
let streams = 0;

/** Token prefix of a stream: unique among 46,656 consecutive streams. */
export function nextTokenPrefix(): string {
  return `l4lab-${(streams++ % 36 ** PREFIX).toString(36).padStart(PREFIX, '0')}`;
}
