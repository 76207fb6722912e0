import { linkNameOf } from '../../../harness/terms/link-name.ts';
import { ROLES } from '../../../harness/terms/role.ts';
import type { NodePlan, RoutePlan, ServicePlan } from '../../../harness/terms/plan.ts';
import { addressText } from '../../content/walk-text.ts';

/** Text inside a node: its addresses, gateway, and the VIPs and proxy IPs that it holds. */
export interface NodeLabel {
  role: NodePlan['role'];
  lines: { kind: 'address' | 'gateway' | 'vip' | 'proxy-ip' | 'loopback' | 'note'; text: string }[];
}

/** Label of a node; `services` says which of them the node balances. */
export function nodeLabel(node: NodePlan, services: ServicePlan[]): NodeLabel {
  const many = node.interfaces.filter(({ addresses }) => addresses.length > 0).length > 1;
  const own = services.filter(({ l4s }) => l4s.some((l4) => l4.node === node.name));
  const pools = services.filter(({ pool }) => pool.some((server) => server.node === node.name));
  const down = [...new Set(node.interfaces.flatMap(({ up, name }) => (up === false ? [linkNameOf(name)] : [])))];
  return {
    role: node.role,
    lines: [
      ...node.interfaces.flatMap(({ name, addresses }) =>
        addresses.map((text) => ({ kind: 'address' as const, text: many ? `${name}: ${text}` : text })),
      ),
      ...node.routes.map((route) => ({ kind: 'gateway' as const, text: routeText(route) })),
      ...(node.deadEnds ?? []).map(({ to, from, type }) => ({
        kind: 'gateway' as const,
        text: `${type} ${to}${sourceText(from)}`,
      })),
      ...own.map(({ vip, port, name, mode, like }) => ({
        kind: 'vip' as const,
        text: `VIP ${addressText({ ip: vip, port })} ${name} (${mode}${like === undefined ? '' : `, like ${like}`})`,
      })),
      ...[...new Set(own.flatMap(({ l4s }) => l4s.flatMap((l4) => (l4.node === node.name ? l4.proxyIps : []))))].map(
        (ip) => ({
          kind: 'proxy-ip' as const,
          text: `PIP ${ip}`,
        }),
      ),
      // Servers are in pools anyway.
      ...(ROLES[node.role].balances && pools.length > 0
        ? [{ kind: 'note' as const, text: `server of ${pools.map(({ name }) => name).join(', ')}` }]
        : []),
      ...node.loopback.map((address) => ({
        kind: 'loopback' as const,
        text: `lo ${address.replace(/\/(32|128)$/, '')}`,
      })),
      ...(node.neighbours ?? []).map(({ address, mac }) => ({
        kind: 'note' as const,
        text: `${address} is at ${mac}`,
      })),
      ...vlanLines(node),
      ...(node.firewall === 'stateful' ? [{ kind: 'note' as const, text: 'stateful firewall' }] : []),
      ...natLines(node),
      ...(node.filter ?? []).map(({ text }) => ({ kind: 'note' as const, text })),
      ...down.map((name) => ({ kind: 'note' as const, text: `${name} is down` })),
    ],
  };
}

function routeText({ to, from, via, dev, others = [] }: RoutePlan): string {
  const hops = [via ?? dev, ...others.map((other) => other.via)].join(', ');
  return `${to === 'default' ? `gw ${hops}` : `${to} via ${hops}`}${sourceText(from)}`;
}

function sourceText(from: string | undefined): string {
  return from === undefined ? '' : ` from ${from}`;
}

/** Source NAT of the node, and on which interfaces. */
function natLines({ nat }: NodePlan): NodeLabel['lines'] {
  if (nat === undefined) return [];
  const source = nat.to.length === 0 ? 'masquerade' : `to ${nat.to.join(', ')}`;
  return [{ kind: 'note', text: `NAT out ${nat.out.join(', ')}: ${source}` }];
}

/** Members of each VLAN of a switch: peers behind its ports. */
function vlanLines({ bridge, interfaces }: NodePlan): NodeLabel['lines'] {
  const vlans = new Map<number, string[]>();
  for (const { name, vlan, closed } of bridge ? interfaces : [])
    if (vlan !== undefined && closed !== true) vlans.set(vlan, [...(vlans.get(vlan) ?? []), linkNameOf(name)]);
  return [...vlans]
    .sort(([a], [b]) => a - b)
    .map(([vlan, peers]) => ({ kind: 'note' as const, text: `VLAN ${vlan}: ${peers.join(', ')}` }));
}
