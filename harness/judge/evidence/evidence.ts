import { host } from '../../scenario/address.ts';
import { endsInSegment, interfaceAddresses, interfaceAt, nodeOf } from '../../scenario/lookup.ts';
import { ICMP } from '../../observe/decode.ts';
import type { ClientOutcome } from '../../terms/cause.ts';
import { endsAt } from '../../terms/tunnel.ts';
import type { RouteAnswer } from '../../terms/route-answer.ts';
import type { Hop, Walk } from '../../terms/walk.ts';
import type { CountersByNode } from '../../terms/counters.ts';
import type { FlowKey } from '../../observe/flow-packets.ts';
import type { Moment } from './moment.ts';
import type { Redirect } from './redirects.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';
import type { FlowPlan, LinkEnd, NodePlan, Plan } from '../../terms/plan.ts';

/** Everything that was seen of one attempt: the input of verdict and cause. */
export interface Evidence {
  plan: Plan;
  flow: FlowPlan;
  key: FlowKey;
  client: { answered: boolean; outcome: ClientOutcome; servedBy: string | null; sourceSeen: string | null };
  /** Sightings of the flow, including ARP for its addresses, in time order. */
  packets: Sighting[];
  /** Nanoseconds since 1970 (digits) that their times count from. */
  epoch: string;
  walk: Walk;
  /** What the kernel would do with the packet, at the node where it vanished; null if not asked. */
  kernel: RouteAnswer | null;
  /** The same for the reply to that packet, if that node would send it; null if not asked. */
  kernelOnAnswer: RouteAnswer | null;
  /** What the kernel would do with a packet like an unanswered ARP request, at its target; null if not asked. */
  kernelOnArp: RouteAnswer | null;
  /** Names of servers that are healthy for the L4; null if it was not asked. */
  healthy: string[] | null;
  macTables: Record<string, Record<string, string>>;
  /** Increase of error counters, from any flow; null if not read. */
  counters: CountersByNode | null;
  /** Redirects that nodes received in the flows before this one (`after`); absent without one. */
  redirects?: Redirect[];
  /** State at that time in addition to the plan; absent for attempts of flows. */
  moment?: Moment;
}

/** Where the last packet of a failed attempt was last seen; null if none left the caller. */
export function vanishedAt({ walk }: Pick<Evidence, 'walk'>): { hop: Hop; leg: 'request' | 'reply' } | null {
  const reply = walk.reply.at(-1);
  if (reply) return { hop: reply, leg: 'reply' };
  const request = walk.request.at(-1);
  return request ? { hop: request, leg: 'request' } : null;
}

/** Whether the kernel rejects the vanished packet because of its source: an own address, or another return path. */
export function refusesSource({ kernel }: Pick<Evidence, 'kernel'>): boolean {
  return kernel === 'source-refused' || kernel === 'reverse-path';
}

/** Whether the frame was addressed to the node that received it. */
export function isAddressee(hop: Hop, plan: Plan): boolean {
  const node = plan.nodes.find(({ name }) => name === hop.node);
  // A bridge with an address accepts its MAC on all ports.
  const own = node?.interfaces.filter(({ name }) => name === hop.iface || name === 'br0') ?? [];
  return hop.direction === 'in' && own.some(({ mac }) => mac === hop.dst.mac);
}

/** What a hop brought to its node: at the end of a tunnel, the packet inside. */
export function broughtBy(hop: Hop, plan: Plan): Hop {
  const { inside, node, src, dst } = hop;
  if (inside === undefined || !endsAt(nodeOf(plan, node), { outer: dst.ip, carried: inside.dst })) return hop;
  return { ...hop, ttl: inside.ttl, src: { ...src, ip: inside.src }, dst: { ...dst, ip: inside.dst } };
}

/** Whether two frames carry the same TCP segment: NAT does not change its numbers. */
export function sameSegment(a: Frame, b: Frame): boolean {
  return a.tcp?.seq === b.tcp?.seq && a.tcp?.ack === b.tcp?.ack && a.tcp?.flags === b.tcp?.flags;
}

/** An ARP request without an answer, and the interface where the address's owner received it. */
export interface OpenQuestion {
  asker: string;
  owner: string;
  iface: string;
  address: string;
  source: string;
}

/**
 * The unanswered ARP request of the node that reported a host as unreachable, of the node where the packet was last seen, or of
 * the caller. Null if no node has the address, or a cut link blocks the request.
 */
export function openQuestion(base: Pick<Evidence, 'plan' | 'flow' | 'walk' | 'packets'>): OpenQuestion | null {
  const reporter = base.packets.find(
    ({ frame }) => frame.icmp?.type === ICMP.unreachable && frame.icmp.code === 1,
  )?.node;
  const last = vanishedAt(base)?.hop.node ?? base.flow.from;
  return (reporter === undefined ? null : openQuestionOf(reporter, base)) ?? openQuestionOf(last, base);
}

function openQuestionOf(asker: string, base: Pick<Evidence, 'plan' | 'packets'>): OpenQuestion | null {
  const arp = base.packets.flatMap(({ node, iface, direction, frame }) =>
    node === asker && frame.arp ? [{ direction, iface, ...frame.arp }] : [],
  );
  const answered = arp.flatMap(({ direction, op, senderIp }) =>
    direction === 'in' && op === 'reply' ? [senderIp] : [],
  );
  for (const { direction, iface: from, op, targetIp: address, senderIp: source } of arp) {
    if (direction !== 'out' || op !== 'request' || answered.includes(address)) continue;
    const reached = endsInSegment(base.plan, { node: asker, iface: from }).filter(
      ({ node }) => node !== asker && owns(nodeOf(base.plan, node), address),
    );
    const hasIt = (end: LinkEnd): boolean =>
      interfaceAt(base.plan, end)?.addresses.map(host).includes(address) === true;
    const at = reached.find(hasIt) ?? reached[0];
    if (at === undefined) continue;
    const { node: owner, iface } = at;
    return { asker, owner, iface: nodeOf(base.plan, owner).bridge ? 'br0' : iface, address, source };
  }
  return null;
}

/** Whether a node's kernel has an address, on an interface or as a VIP of its load balancer. */
function owns(node: NodePlan, address: string): boolean {
  const { vipOwner, services = [] } = node.balancer?.config ?? {};
  const hasVip = vipOwner === true && services.some(({ vip }) => vip === address);
  return hasVip || interfaceAddresses(node).includes(address);
}
