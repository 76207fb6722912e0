import { cause } from '../../terms/cause.ts';
import type { Sighting } from '../../terms/sighting.ts';
import { DEFAULT_MTU, interfaceAt, largestAccepted, nodeOf } from '../../scenario/lookup.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import { payloadOf } from '../../terms/payload.ts';
import type { InterfacePlan, Plan } from '../../terms/plan.ts';
import { sameSegment, type Evidence } from '../evidence/evidence.ts';
import type { Rule } from './rule.ts';

/** Bytes of a frame in front of its IP packet. */
export const ETHERNET_HEADER = 14;

/**
 * A frame was sent that is too large for the next interface, or arrived at a switch that cannot forward it, and was not
 * seen again.
 */
export const swallowed: Rule = (evidence) => {
  for (const sighting of evidence.packets) {
    const { frame } = sighting;
    const size = frame.length - ETHERNET_HEADER;
    const next = frame.ip === undefined ? null : nextInterface(sighting, evidence.plan);
    if (next === null || size <= largestAccepted(next.iface) || wentOn(sighting, next.node, evidence)) continue;
    const { name: iface, mtu = DEFAULT_MTU } = next.iface;
    return cause('too-big', 'exceeds-interface', { node: next.node, address: frame.ip!.dst, iface, size, mtu });
  }
  return null;
};

/**
 * An L4 that balances its own calls builds segments for the MTU of `lo`, where the VIP is: those too large for its
 * interface toward the server never leave. The server accepted the connection but gets no request.
 */
export const neverSent: Rule = ({ plan, flow, key, packets, walk }) => {
  const { from: node } = flow;
  const answer = walk.reply.at(-1);
  if (ownServiceOf(plan, flow) === undefined || key.protocol !== 'tcp' || answer?.node !== node) return null;
  const hasSent = packets.some(
    (p) => p.node === node && p.direction === 'out' && (p.frame.tcp?.payloadLength ?? 0) > 0,
  );
  const isAccepted = packets.some((p) => p.node === node && p.direction === 'in' && p.frame.tcp?.flags === 'SA');
  const { mtu = DEFAULT_MTU } = interfaceAt(plan, answer) ?? {};
  if (hasSent || !isAccepted || payloadOf(flow).request < mtu) return null;
  return cause('too-big', 'exceeds-mtu', { node, address: answer.src.ip, mtu });
};

/** The next interface of a frame: the other end of the link, or the switch's other port with the smallest MTU. */
function nextInterface(
  { node, iface, direction }: Sighting,
  plan: Plan,
): { node: string; iface: InterfacePlan } | null {
  if (direction === 'out') {
    const ends = plan.links.find((link) => link.ends.some((end) => end.node === node && end.iface === iface))?.ends;
    const far = ends?.find((end) => end.node !== node);
    return far ? { node: far.node, iface: nodeOf(plan, far.node).interfaces.find((i) => i.name === far.iface)! } : null;
  }
  const { bridge, interfaces } = nodeOf(plan, node);
  const others = bridge ? interfaces.filter(({ name }) => name !== iface) : [];
  const [narrowest] = others.sort((a, b) => largestAccepted(a) - largestAccepted(b));
  return narrowest ? { node, iface: narrowest } : null;
}

/** A node that receives a frame with its own MAC may fragment the packet. */
function wentOn({ time, direction, frame }: Sighting, node: string, { packets, plan }: Evidence): boolean {
  const mayCut = direction === 'in' && nodeOf(plan, node).interfaces.some(({ mac }) => mac === frame.dstMac);
  return packets.some(
    (later) =>
      later.time >= time &&
      later.node === node &&
      later.direction !== direction &&
      (later.frame.length === frame.length || (mayCut && later.frame.ip !== undefined)) &&
      later.frame.ip?.id === frame.ip?.id &&
      sameSegment(later.frame, frame),
  );
}
