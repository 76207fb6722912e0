import { cause } from '../../terms/cause.ts';
import { callsItself } from '../../scenario/lookup.ts';
import { addressesOf, type Rule } from './rule.ts';
import { unansweredArp, withoutAnswer } from './unanswered-arp.ts';

/** No packet of the flow was seen leaving the caller: it called itself, had no route, or nobody answered its ARP. */
export const neverLeft: Rule = (evidence) => {
  const { walk, flow, plan, client, key } = evidence;
  if (walk.request.length > 0) return null;
  const { from: node, address, port } = flow;
  if (client.outcome === 'ECONNREFUSED' && addressesOf(plan, node).includes(address))
    return cause('refused', callsItself(plan, flow) ? 'called-itself' : 'listener-missing', {
      node,
      address,
      port,
      protocol: key.protocol,
    });
  if (client.outcome === 'ENETUNREACH') return cause('no-route', 'route-missing', { node, address });
  const target = unansweredArp(evidence, node, [address]);
  return target === null ? null : withoutAnswer(evidence, node, target);
};
