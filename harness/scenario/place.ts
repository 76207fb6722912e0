import type { Cause, CauseCode } from '../terms/cause.ts';
import { wordOf } from '../terms/link-word.ts';
import type { Plan } from '../terms/plan.ts';
import { balancedBy, nodeOf } from './lookup.ts';
import { routeOf } from './route-of.ts';

/** Causes that lie at an interface of their node: what it sends there, takes in, or asks for behind it. */
export const AT_INTERFACES: CauseCode[] = [
  'no-neighbour',
  'vlan-mismatch',
  'server-not-adjacent',
  'reverse-path',
  'too-big',
  'mac-moved',
  'stale-mac',
  'stale-neighbour',
];

/**
 * A place as expectations name it: a node, `l4`, or an interface of one, `l4.sw2`. On a trunk that stands for the interfaces
 * of all its VLANs, and `l4.sw2.10` for one of them.
 */
export function placeIn(text: string): { node: string; iface: string | null } {
  const [node = '', ...iface] = text.split('.');
  return { node, iface: iface.length === 0 ? null : iface.join('.') };
}

/** Whether something failed where it was expected to. */
export function isAt(plan: Plan, cause: Cause | null, place: string): boolean {
  const { node, iface } = placeIn(place);
  if (cause?.node !== node) return false;
  const found = iface === null ? null : interfaceOf(plan, cause);
  return iface === null || (found !== null && [found, wordOf(found)].includes(iface));
}

/** The interface at which something failed; null where it did so at none, or nobody can say. */
export function interfaceOf(plan: Plan, { code, node, detail }: Cause): string | null {
  if (!AT_INTERFACES.includes(code)) return null;
  const { params } = detail;
  // What comes in by a port of a bridge with an address is the bridge's.
  if (code === 'reverse-path' && nodeOf(plan, node).bridge) return 'br0';
  if ('iface' in params) return params.iface;
  if ('port' in params && typeof params.port === 'string') return params.port;
  if ('peer' in params) return params.peer;
  if (!('address' in params)) return null;
  const balanced = plan.services.filter((service) => service.vip === params.address && balancedBy(service, node));
  // What a load balancer has translated is told of by the VIP.
  const servers = balanced.flatMap(({ pool }) => pool.map(({ address }) => address));
  const asked = 'hop' in params ? [params.hop] : servers.length > 0 ? servers : [params.address];
  const found = new Set(asked.map((address) => towards(plan, node, address)));
  return found.size === 1 ? [...found][0]! : null;
}

/** The interface by which a node sends to an address. */
function towards(plan: Plan, node: string, dst: string): string | null {
  const route = routeOf(nodeOf(plan, node), { dst });
  return route !== null && 'dev' in route ? route.dev : null;
}
