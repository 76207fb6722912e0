import { isDirect, MODES } from '../../terms/mode.ts';
import { endsAt } from '../../terms/tunnel.ts';
import { nodeOf, serviceOf } from '../../scenario/lookup.ts';
import { cause } from '../../terms/cause.ts';
import { refusesSource, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { addressesOf, type Rule } from './rule.ts';

/** DSR: the request reached a server without the VIP; if that server routes, it forwarded the packet. */
export const withoutVip: Rule = (evidence) => {
  const at = evidence.walk.request[arrivalWithoutVip(evidence)];
  const service = serviceOf(evidence.plan, evidence.flow);
  // A packet of a tunnel is for the server itself: its source is checked before anything is taken out.
  if (at?.inside !== undefined && vanishedAt(evidence)?.hop === at && refusesSource(evidence)) return null;
  return at && service ? cause('vip-not-on-server', 'vip-missing', { node: at.node, vip: service.vip }) : null;
};

/**
 * Hop of the request at a server without the VIP; Infinity if none. What that server does with the packet is a
 * consequence.
 */
export function arrivalWithoutVip({ plan, flow, walk }: Evidence): number {
  const service = serviceOf(plan, flow);
  if (!service || !isDirect(service)) return Infinity;
  const { handsOver } = MODES[service.mode];
  const asked = (node: string): string | undefined => {
    const settings = nodeOf(plan, node);
    if (handsOver === 'mac') return service.vip;
    if (handsOver === 'tunnel')
      return service.pool.find(({ address }) => endsAt(settings, { outer: address, carried: service.vip }))?.address;
    return settings.undoDscp?.find(({ vip }) => vip === service.vip)?.address;
  };
  const index = walk.request.findIndex(
    ({ node, direction, dst }) =>
      direction === 'in' &&
      dst.ip === asked(node) &&
      service.pool.some((server) => server.node === node) &&
      !addressesOf(plan, node).includes(service.vip),
  );
  return index < 0 ? Infinity : index;
}
