import { randomBytes } from 'node:crypto';
import type { FlowKey } from '../observe/flow-packets.ts';
import { serviceOf } from '../scenario/lookup.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';
import { nextSourcePort } from './source-ports.ts';

/** By what the packets of a flow's next call will be known: a source port and a token of its own; a flow may say its port. */
export function nextFlowKey(flow: FlowPlan, plan: Plan): FlowKey {
  const { from, protocol, address, port } = flow;
  const own = ownServiceOf(plan, flow);
  return {
    caller: from,
    protocol: protocol === 'http' ? 'tcp' : protocol,
    address,
    port,
    serverPorts: serviceOf(plan, flow)?.pool.map((server) => server.port) ?? [],
    ...(own === undefined ? {} : { ownServers: own.pool }),
    sourcePort: protocol === 'icmp' ? 0 : (flow.sourcePort ?? portBeside(plan)),
    token: newToken(),
    ...(flow.outOfWindow === undefined ? {} : { mayGoOn: true as const }),
  };
}

/** A source port that no flow has for its own. */
function portBeside({ flows }: Plan): number {
  let port = nextSourcePort();
  while (flows.some(({ sourcePort }) => sourcePort === port)) port = nextSourcePort();
  return port;
}

function newToken(): string {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
  return `l4lab-${[...randomBytes(8)].map((byte) => alphabet[byte % 36]).join('')}`;
}

/** Of the characters of a token, those that a stream's all have in common. */
const PREFIX = 3;
let streams = 0;

/** What the tokens of a stream begin with: no other of the last 46,656 streams has the same. */
export function nextTokenPrefix(): string {
  return `l4lab-${(streams++ % 36 ** PREFIX).toString(36).padStart(PREFIX, '0')}`;
}
