import { blockedBy } from '../../scenario/filter-match.ts';
import { cause } from '../../terms/cause.ts';
import type { FilteredPacket, IcmpType } from '../../terms/filter.ts';
import { protocolOf, type Passing } from './conntrack.ts';
import { answerTo } from './exchange.ts';
import type { Host } from './network.ts';
import type { Packet } from './packet.ts';
import { die, inAnswerTo, sendIcmpError } from './run.ts';
import type { Run } from './run.ts';

/**
 * The node's packet filter for forwarded and received packets: after its own destination NAT, before source NAT. True
 * if the packet is blocked.
 */
export function isFiltered(run: Run, host: Host, { packet, tracked }: Passing): boolean {
  const found = blockedBy(host.plan, seen(packet));
  if (found === null) return false;
  const { number, rule } = found;
  const at = { node: host.name, address: packet.dst, number, rule: rule.text };
  die(run, packet, cause('filtered', packet.icmpType === 'too-big' ? 'too-big-unheard' : 'filter-matched', at));
  if (rule.action !== 'reject') return true;
  if (protocolOf(packet) !== 'tcp') sendIcmpError(run, host, packet, { tracked });
  // A reset is not answered with a reset (nf_send_reset).
  else if (packet.step !== 'reset')
    run.outbox.push({ node: host.name, packet: answerTo(run.exchange, packet, 'reset'), ...inAnswerTo(tracked) });
  return true;
}

function seen(packet: Packet): FilteredPacket {
  const { src, dst, dstPort } = packet;
  const protocol = protocolOf(packet);
  const isIcmp = protocol === 'icmp';
  return {
    protocol,
    src,
    dst,
    dstPort: isIcmp || protocol === 'ipip' ? null : dstPort,
    type: isIcmp ? typeOf(packet) : null,
  };
}

function typeOf({ step, icmpType }: Packet): IcmpType | null {
  if (step === 'redirect') return 'redirect';
  return icmpType ?? (step === 'reply' ? 'echo-reply' : 'echo-request');
}
