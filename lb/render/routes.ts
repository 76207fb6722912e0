import { HASH_SEED } from '../terms/jhash.ts';
import { containsNetwork, subnetsOf } from '../facts/facts.ts';
import { bySpecificity, destinationOf, HASHES, nextHopMark } from '../terms/next-hops.ts';
import type { RouteService } from '../terms/config.ts';
import { familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { joinParts } from './part.ts';
import type { Part } from './ruleset.ts';

/**
 * Mode route: an incoming packet gets the mark of its next hop, selected by a hash of its addresses; a rule and a
 * routing table for each next hop (lb/host/holdings.ts) route it there. The kernel's multipath routes do not work here:
 * each host hashes with its own secret, but two hosts must select alike. The chain runs after destination NAT, so that
 * replies to a proxy IP already have the client as destination. Marks do not affect packets for the host itself.
 */
export function renderRoutes({ config: { services, routeServices = [] }, facts }: RenderInput): Part {
  if (routeServices.length === 0) return joinParts();
  const vips = services.map(({ vip }) => `${vip}/${familyOf(vip).version === 4 ? 32 : 128}`);
  const routes = facts.routes.map(({ to }) => to).filter((net) => !net.endsWith('/0'));
  const own = { neighbours: [...subnetsOf(facts), ...vips], routes };
  const rules = bySpecificity(routeServices).map((service) => ruleFor(service, own));
  return { maps: [], chains: [{ name: 'route', hook: 'type filter hook prerouting priority dstnat + 10', rules }] };
}

/**
 * @param own networks with their own routes on the host: the longest prefix wins; of equal ones a subnet wins over the
 * service, and the service over a route
 */
function ruleFor(service: RouteService, own: { neighbours: string[]; routes: string[] }): string {
  const { to, hash, nextHops } = service;
  const { ip, version } = familyOf(nextHops[0]!);
  const net = destinationOf(service);
  const longer = [
    ...own.neighbours.filter((other) => containsNetwork(net, other)),
    ...own.routes.filter((other) => containsNetwork(net, other) && !containsNetwork(other, net)),
  ];
  const widest = [...new Set(longer)].filter(
    (one, index, all) =>
      !all.some(
        (other, at) => at !== index && containsNetwork(other, one) && (!containsNetwork(one, other) || at < index),
      ),
  );
  const match = to === 'any' ? `meta nfproto ipv${version}` : `${ip} daddr ${to}`;
  const others = widest.length === 0 ? '' : ` ${ip} daddr != { ${widest.join(', ')} }`;
  const key = HASHES[hash].map((end) => `${ip} ${{ src: 'saddr', dst: 'daddr' }[end]}`).join(' . ');
  const marks = nextHops.map((address, index) => `${index} : ${nextHopMark(address)}`).join(', ');
  const seed = `0x${HASH_SEED.toString(16)}`;
  return `${match}${others} meta mark set jhash ${key} mod ${nextHops.length} seed ${seed} map { ${marks} } accept`;
}
