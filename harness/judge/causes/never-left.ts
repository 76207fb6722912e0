import { addressesOf, cause, unansweredArp, type Rule } from './rule.ts';

/** No packet of the flow was seen leaving the caller: it called itself, had no route, or nobody answered its ARP. */
export const neverLeft: Rule = (evidence) => {
  const { walk, flow, plan, client } = evidence;
  if (walk.request.length > 0) return null;
  if (client.said === 'ECONNREFUSED' && addressesOf(plan, flow.from).includes(flow.address)) {
    return cause(
      'refused',
      flow.from,
      `${flow.from} holds ${flow.address} itself, and nobody there listens on ${flow.port}`,
    );
  }
  if (/ENETUNREACH|[Nn]etwork is unreachable/.test(client.said)) {
    return cause('no-route', flow.from, `${flow.from} has no route to ${flow.address}`);
  }
  const target = unansweredArp(evidence, flow.from, [flow.address]);
  if (target === null) return null;
  return cause('no-neighbour', flow.from, `${flow.from} asked for ${target} and nobody answered`);
};
