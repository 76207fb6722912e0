import { host } from '../scenario/address.ts';
import { nodeOf, ownerOf, segmentOf } from '../scenario/lookup.ts';
import type { ClientOutcome } from '../terms/cause.ts';
import type { RouteAnswer } from '../terms/route-answer.ts';
import type { Hop, Walk } from '../terms/walk.ts';
import type { CountersByNode } from '../terms/counters.ts';
import type { FlowKey } from '../observe/flow-packets.ts';
import type { Moment } from './moment.ts';
import type { Redirect } from './taught.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';
import type { FlowPlan, Plan } from '../terms/plan.ts';

/** Everything that was seen of one attempt; what verdict and cause are made from. */
export interface Evidence {
  plan: Plan;
  flow: FlowPlan;
  key: FlowKey;
  client: { answered: boolean; outcome: ClientOutcome; servedBy: string | null; sourceSeen: string | null };
  /** Sightings of the flow, ARP about its addresses among them, in time order. */
  packets: Sighting[];
  /** Nanoseconds since 1970 (digits) that their times count from. */
  epoch: string;
  walk: Walk;
  /** What the kernel of the node where the packet vanished would do with that very packet; null when not asked. */
  kernel: RouteAnswer | null;
  /** The same for the answer to that packet, where it was the node's own to answer; null when not asked. */
  kernelOnAnswer: RouteAnswer | null;
  /** What the kernel of who is asked for a MAC in vain would do with a packet that comes as the question; null when not asked. */
  kernelOnArp: RouteAnswer | null;
  /** Names of servers that the L4 holds for healthy; null when it was not asked. */
  healthy: string[] | null;
  macTables: Record<string, Record<string, string>>;
  /** By how much counters that tell of trouble rose, whatever flow it was that made them rise; null when not read. */
  counters: CountersByNode | null;
  /** Redirects that nodes were sent by the flows that this one comes after; absent where it comes after none. */
  taught?: Redirect[];
  /** What was so at the time beside the plan; absent for an attempt of a flow, to which time means nothing. */
  moment?: Moment;
}

/** Where the last packet of a failed attempt was seen last; null when none ever left. */
export function vanishedAt({ walk }: Pick<Evidence, 'walk'>): { hop: Hop; leg: 'request' | 'reply' } | null {
  const reply = walk.reply.at(-1);
  if (reply) return { hop: reply, leg: 'reply' };
  const request = walk.request.at(-1);
  return request ? { hop: request, leg: 'request' } : null;
}

/** Whether the kernel refuses the vanished packet for its source: an address of its own, or another way back. */
export function refusesSource({ kernel }: Pick<Evidence, 'kernel'>): boolean {
  return kernel === 'source-refused' || kernel === 'reverse-path';
}

/** Whether the frame was meant for the node that got it. */
export function isAddressee(hop: Hop, plan: Plan): boolean {
  const node = plan.nodes.find(({ name }) => name === hop.node);
  // A bridge with an address is at home at all its ports.
  const own = node?.interfaces.filter(({ name }) => name === hop.iface || name === 'br0') ?? [];
  return hop.direction === 'in' && own.some(({ mac }) => mac === hop.dst.mac);
}

/** Whether two frames carry the same TCP segment: NAT leaves its numbers alone. */
export function sameSegment(a: Frame, b: Frame): boolean {
  return a.tcp?.seq === b.tcp?.seq && a.tcp?.ack === b.tcp?.ack && a.tcp?.flags === b.tcp?.flags;
}

/** An ARP request without an answer, and the interface that it was for. */
export interface OpenQuestion {
  asker: string;
  owner: string;
  iface: string;
  address: string;
  source: string;
}

/**
 * What the node where the packet was seen last, or the caller, asked in vain of who has the address; null where nobody has
 * it, or where a cut link keeps the question from that node.
 */
export function openQuestion(base: Pick<Evidence, 'plan' | 'flow' | 'walk' | 'packets'>): OpenQuestion | null {
  const asker = vanishedAt(base)?.hop.node ?? base.flow.from;
  const arp = base.packets.flatMap(({ node, direction, frame }) =>
    node === asker && frame.arp ? [{ direction, ...frame.arp }] : [],
  );
  const answered = arp.flatMap(({ direction, op, senderIp }) =>
    direction === 'in' && op === 'reply' ? [senderIp] : [],
  );
  for (const { direction, op, targetIp: address, senderIp: source } of arp) {
    const owner = ownerOf(base.plan, address);
    if (direction !== 'out' || op !== 'request' || answered.includes(address) || owner === null || owner === asker)
      continue;
    const { interfaces, bridge } = nodeOf(base.plan, owner);
    const at = interfaces.find(({ addresses }) => addresses.some((cidr) => host(cidr) === address))!;
    if (!segmentOf(base.plan, { node: owner, iface: at.name }).has(asker)) continue;
    return { asker, owner, iface: bridge ? 'br0' : at.name, address, source };
  }
  return null;
}
