import { cause, type Cause } from '../../terms/cause.ts';
import type { Tcp } from '../../terms/sighting.ts';
import { cannotReply, nodeOf } from '../../scenario/lookup.ts';
import { isPaused } from '../../scenario/plan-at.ts';
import { isAddressee, refusesSource } from '../evidence/evidence.ts';
import type { Rule } from './rule.ts';

/**
 * The request reached its destination, and no program answered: the kernel acknowledged it (RFC 9293, 3.10.7.4) and
 * sent nothing more; in other protocols the node's processes were paused, or its program lacks the address that it
 * replies from.
 */
export const noResponse: Rule = (evidence) => {
  const { client, packets, key, moment, plan, walk } = evidence;
  const ended = walk.request.at(-1);
  const back = walk.reply.at(-1);
  // The reply is that it accepted the connection.
  const isBack = back === undefined || (back.node === key.caller && back.direction === 'in');
  if (client.outcome !== 'timeout' || !isBack || !ended || !isAddressee(ended, plan)) return null;
  const { node, dst } = ended;
  const request = packets.find(
    (one) => one.node === key.caller && one.direction === 'out' && one.frame.token === key.token,
  );
  const end = request?.frame.tcp && request.frame.tcp.seq + request.frame.tcp.payloadLength;
  const came = packets.flatMap(({ node: at, direction, frame }) =>
    at === key.caller && direction === 'in' && frame.tcp ? [frame.tcp] : [],
  );
  if (key.protocol === 'tcp') {
    // Sequence numbers wrap.
    const isTaken = ({ flags, ack }: Tcp): boolean => end !== undefined && flags === 'A' && (ack - end) >>> 0 < 2 ** 31;
    const isSilent = came.every(({ payloadLength }) => payloadLength === 0);
    return isSilent && came.some(isTaken) ? silentAt(node, dst.ip) : null;
  }
  // Its processes may have been paused during the call.
  const isPausedNow =
    moment !== undefined && [moment.step, moment.step + 1].some((s) => isPaused(moment.whole, s, node));
  const isSilent =
    isPausedNow || cannotReply(nodeOf(plan, node), { protocol: key.protocol, address: dst.ip, port: dst.port });
  return isSilent && !refusesSource(evidence) ? silentAt(node, dst.ip) : null;
};

function silentAt(node: string, address: string): Cause {
  return cause('no-response', 'response-missing', { node, address });
}
