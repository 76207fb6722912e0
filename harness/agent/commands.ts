import { DEFAULT_MTU } from '../scenario/lookup.ts';
import type { NodePlan } from '../terms/plan.ts';

/** Lines for `ip -batch` that bring a wired namespace, in which a bridge exists already, to what the plan says. */
export function ipCommands(node: NodePlan): string[] {
  const lines: string[] = [];
  for (const { name, mac, mtu, peer } of node.interfaces) {
    if (mtu !== undefined) lines.push(`link set dev ${name} mtu ${mtu}`);
    if (name === 'br0') lines.push(`link set dev br0 address ${mac} ${ONE_SEGMENT_A_FRAME}`);
    if (node.bridge && peer !== '') lines.push(`link set dev ${name} master br0`);
  }
  if (node.bridge) lines.push('link set dev br0 up');
  for (const { name, addresses, up } of node.interfaces) {
    for (const cidr of addresses) lines.push(`addr add ${cidr} dev ${name}${noDad(cidr)}`);
    lines.push(`link set dev ${name} ${up === false ? 'down' : 'up'}`);
  }
  for (const cidr of node.loopback) lines.push(`addr add ${cidr} dev lo${noDad(cidr)}`);
  for (const { to, via, dev } of node.routes) {
    if (node.interfaces.find((i) => i.name === dev)?.up !== false) lines.push(`route add ${to} via ${via} dev ${dev}`);
  }
  return lines;
}

/** Lines for `ip -batch` that take all of it away again. */
export function ipUndoCommands(node: NodePlan): string[] {
  const lines = node.loopback.map((cidr) => `addr del ${cidr} dev lo`);
  for (const { name, mtu, addresses, peer, up } of node.interfaces) {
    if (name !== 'br0' && addresses.length > 0) lines.push(`addr flush dev ${name}`);
    if (node.bridge && peer !== '') lines.push(`link set dev ${name} nomaster`);
    if (mtu !== undefined) lines.push(`link set dev ${name} mtu ${DEFAULT_MTU}`);
    if (up === false) lines.push(`link set dev ${name} up`);
  }
  if (node.bridge) lines.push('link del br0');
  lines.push('neigh flush all');
  return lines;
}

/** A stateful firewall on forwarded packets: strict TCP tracking, invalid packets are dropped. */
export const FIREWALL_RULES = `table inet l4lab_firewall {
  counter invalid {}
  counter unbegun {}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state invalid counter name invalid drop
    tcp flags & (syn|rst) == 0 ct state new counter name unbegun drop
  }
}
`;

/** Segmentation offload would put frames on the wire that are larger than any MTU, and no switch would drop them. */
export const ONE_SEGMENT_A_FRAME = 'gso_max_segs 1';

/** l3dsr: turns a DSCP value into its VIP at ingress, so that the node's own stack gets what the client sent. */
export function undoDscpRules({ interfaces, undoDscp = [] }: NodePlan): string {
  const rules = undoDscp.map(({ dscp, address, vip }) => {
    const ip = address.includes(':') ? 'ip6' : 'ip';
    return `${ip} dscp ${dscp} ${ip} daddr ${address} ${ip} daddr set ${vip} ${ip} dscp set 0`;
  });
  const devices = interfaces.map(({ name }) => `"${name}"`).join(', ');
  return `table netdev l4lab_undo_dscp {
  chain ingress {
    type filter hook ingress devices = { ${devices} } priority filter;
    ${rules.join('\n    ')}
  }
}
`;
}

function noDad(cidr: string): string {
  return cidr.includes(':') ? ' nodad' : '';
}
