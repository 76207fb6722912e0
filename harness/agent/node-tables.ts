import { isDirect } from '../terms/mode.ts';
import type { NodePlan } from '../terms/plan.ts';
import { filterTable } from './filter-table.ts';
import { natTable } from './nat-table.ts';
import { lengthRules } from './trunk.ts';

/** Tables of nftables that a node's plan makes, by family and name. @param beneath devices beneath trunks with tags */
export function tablesOf(node: NodePlan, beneath: string[] = []): Record<string, string> {
  const idle = idleRules(node);
  const lengths = lengthRules(node, beneath);
  return {
    ...(lengths === null ? {} : { 'netdev l4lab_lengths': lengths }),
    ...(node.filter === undefined ? {} : { 'inet l4lab_filter': filterTable(node.filter) }),
    ...(node.firewall === 'stateful' ? { 'inet l4lab_firewall': firewallRules(node) } : {}),
    ...(node.nat === undefined ? {} : { 'inet l4lab_nat': natTable(node.nat) }),
    ...(idle === null ? {} : { 'inet l4lab_idle': idle }),
    ...(node.undoDscp === undefined ? {} : { 'netdev l4lab_undo_dscp': undoDscpRules(node) }),
  };
}

/** Whether a node's own rules make its kernel track connections; a load balancer's are not among them. */
export function tracksConnections(node: NodePlan): boolean {
  return node.firewall === 'stateful' || node.nat !== undefined || idleRules(node) !== null;
}

/** A TCP segment of a connection that conntrack does not know, and that begins none. */
const UNBEGUN = 'tcp flags & (syn|rst) == 0 ct state new counter name unbegun';

/** A stateful firewall on forwarded packets: strict TCP tracking, invalid packets are dropped. */
function firewallRules(node: NodePlan): string {
  return `table inet l4lab_firewall {
  counter invalid {}
  counter unbegun {}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state invalid counter name invalid drop
    ${UNBEGUN} ${onIdle(node)}
  }
}
`;
}

/**
 * A load balancer that forgets connections takes what comes of one for nothing that it may send on: the kernel alone
 * would begin it anew, on whichever server. Null where it keeps none, or keeps them for as long as the kernel does.
 */
function idleRules(node: NodePlan): string | null {
  const services = node.balancer?.config.services.filter((service) => !isDirect(service)) ?? [];
  if (node.idleTimeoutMs === undefined || services.length === 0) return null;
  const ends = services.flatMap(({ vip, port, servers }) => [
    `${family(vip)} daddr ${vip} tcp dport ${port}`,
    ...servers.map((server) => `${family(server.address)} saddr ${server.address} tcp sport ${server.port ?? port}`),
  ]);
  return `table inet l4lab_idle {
  counter unbegun {}
  chain prerouting {
    type filter hook prerouting priority mangle; policy accept;
    ${[...new Set(ends)].map((end) => `${end} ${UNBEGUN} ${onIdle(node)}`).join('\n    ')}
  }
}
`;
}

function onIdle(node: NodePlan): string {
  return node.onIdle === 'reset' ? 'reject with tcp reset' : 'drop';
}

function family(address: string): 'ip' | 'ip6' {
  return address.includes(':') ? 'ip6' : 'ip';
}

/** l3dsr: turns a DSCP value into its VIP at ingress, so that the node's own stack gets what the client sent. */
function undoDscpRules({ interfaces, undoDscp = [] }: NodePlan): string {
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
