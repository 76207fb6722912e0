import { cause } from '../../terms/cause.ts';
import { isPaused } from '../../scenario/plan-at.ts';
import { isAddressee } from '../evidence.ts';
import type { Rule } from './rule.ts';

/**
 * The request came to its end, and no program answered it: the kernel acknowledged it (RFC 9293, 3.10.7.4) and sent
 * nothing more, or the processes of the node stood still.
 */
export const noResponse: Rule = (evidence) => {
  const { client, packets, key, moment, plan, walk } = evidence;
  const ended = walk.request.at(-1);
  const back = walk.reply.at(-1);
  // What came back is that it accepted the connection.
  const isBack = back === undefined || (back.node === key.caller && back.direction === 'in');
  if (client.outcome !== 'timeout' || !isBack || !ended || !isAddressee(ended, plan)) return null;
  const { node, dst } = ended;
  const request = packets.find(
    (one) => one.node === key.caller && one.direction === 'out' && one.frame.token === key.token,
  );
  const { tcp } = request?.frame ?? {};
  const end = tcp && tcp.seq + tcp.payloadLength;
  const isAcknowledged = packets.some(
    ({ node: at, direction, frame }) =>
      at === key.caller && direction === 'in' && frame.tcp?.flags === 'A' && frame.tcp.ack === end,
  );
  // Its processes may have been stopped while the call was under way.
  const isAsleep = moment !== undefined && [moment.step, moment.step + 1].some((s) => isPaused(moment.whole, s, node));
  return isAcknowledged || isAsleep ? cause('no-response', 'response-missing', { node, address: dst.ip }) : null;
};
