import { cause } from '../../terms/cause.ts';
import { ownServiceOf } from '../../terms/own-calls.ts';
import type { Hop } from '../../terms/walk.ts';
import { segmentsOutOfWindow } from '../evidence/segments-out-of-window.ts';
import type { Rule } from './rule.ts';

/**
 * A node that translates the connection did not translate a segment out of window. The node that received it refused it, and
 * the reset reached the sender; its sequence number is the segment's acknowledgment number (RFC 9293, 3.10.7.1).
 */
export const outOfWindow: Rule = ({ plan, flow, packets, walk }) => {
  const segments = segmentsOutOfWindow(plan, flow, packets);
  const [sender] = segments.filter(({ direction }) => direction === 'out');
  if (sender === undefined) return null;
  const isRefused = packets.some(
    ({ node, direction, frame: { tcp } }) =>
      node === sender.node &&
      direction === 'in' &&
      tcp?.flags.includes('R') === true &&
      tcp.dstPort === sender.frame.tcp!.srcPort &&
      tcp.seq === sender.frame.tcp!.ack,
  );
  if (!isRefused) return null;
  const leg = flow.outOfWindow === 'server' ? walk.reply : walk.request;
  const went = (hop: Hop): boolean =>
    segments.some(
      ({ node, direction, frame: { ip } }) =>
        node === hop.node && direction === hop.direction && ip!.src === hop.src.ip && ip!.dst === hop.dst.ip,
    );
  for (const [index, left] of leg.entries()) {
    const came = leg[index - 1];
    if (came?.node !== left.node || (came.src.ip === left.src.ip && came.dst.ip === left.dst.ip)) continue;
    if (went(left)) continue;
    if (!went(came)) return null;
    const { node, src, dst } = came;
    return cause('out-of-window', 'segment-not-translated', { node, source: src.ip, destination: dst.ip });
  }
  // An L4's own calls are translated inside the node, not between interfaces.
  const last = leg.at(-1);
  if (ownServiceOf(plan, flow) === undefined || last?.node !== flow.from || !went(last)) return null;
  return cause('out-of-window', 'segment-not-translated', {
    node: last.node,
    source: last.src.ip,
    destination: last.dst.ip,
  });
};
