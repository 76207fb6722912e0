import type { Cause, CauseCode } from '../terms/cause.ts';
import { linkNameOf } from '../terms/link-name.ts';
import type { Plan } from '../terms/plan.ts';
import { trunkInterface } from '../terms/trunk-interface.ts';
import { balancedBy, nodeOf } from './lookup.ts';
import { routeOf } from './route-of.ts';

/** Causes located at an interface of their node: sending, receiving, or resolving. */
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
 * A place in expectations: a node `l4`, or an interface `l4.sw2`. For a trunk this includes all its VLANs; `l4.sw2.10`
 * is one of them.
 */
export function placeIn(text: string): { node: string; iface: string | null } {
  const [node = '', ...iface] = text.split('.');
  return { node, iface: iface.length === 0 ? null : iface.join('.') };
}

/** Whether something failed at the expected place. */
export function isAt(plan: Plan, cause: Cause | null, place: string): boolean {
  const { node, iface } = placeIn(place);
  if (cause?.node !== node) return false;
  const found = iface === null ? null : interfaceOf(plan, cause);
  return iface === null || (found !== null && [found, linkNameOf(found)].includes(iface));
}

/** The interface where something failed; null if none or unknown. */
export function interfaceOf(plan: Plan, { code, node, detail }: Cause): string | null {
  if (!AT_INTERFACES.includes(code)) return null;
  const { params } = detail;
  // Packets received on a port of a bridge with an address belong to the bridge.
  if (code === 'reverse-path' && nodeOf(plan, node).bridge) return 'br0';
  if ('iface' in params) return params.iface;
  if (detail.code === 'vlan-not-carried' || detail.code === 'native-vlan-tagged')
    return trunkInterface(detail.params.port, detail.params.vlan);
  if ('port' in params && typeof params.port === 'string') return params.port;
  if ('peer' in params) return params.peer;
  if (!('address' in params)) return null;
  const balanced = plan.services.filter((service) => service.vip === params.address && balancedBy(service, node));
  // Packets translated by a load balancer are reported with the VIP.
  const servers = balanced.flatMap(({ pool }) => pool.map(({ address }) => address));
  const asked = 'hop' in params ? [params.hop] : servers.length > 0 ? servers : [params.address];
  const found = new Set(asked.map((address) => interfaceToward(plan, node, address)));
  return found.size === 1 ? [...found][0]! : null;
}

/** The interface that a node uses to reach an address. */
function interfaceToward(plan: Plan, node: string, dst: string): string | null {
  const route = routeOf(nodeOf(plan, node), { dst });
  return route !== null && 'dev' in route ? route.dev : null;
}
