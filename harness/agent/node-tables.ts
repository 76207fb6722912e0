import { isDirect } from '../terms/mode.ts';
import type { NodePlan } from '../terms/plan.ts';
import { filterTable } from './filter-table.ts';
import { natTable } from './nat-table.ts';
import { lengthRules } from './trunk.ts';

/** The nft tables of a node's plan, by family and name. @param lowerDevices lower devices of trunks with tags */
export function tablesOf(node: NodePlan, lowerDevices: string[] = []): Record<string, string> {
  const idle = idleRules(node);
  const lengths = lengthRules(node, lowerDevices);
  return {
    ...(lengths === null ? {} : { 'netdev l4lab_lengths': lengths }),
    ...(node.filter === undefined ? {} : { 'inet l4lab_filter': filterTable(node.filter) }),
    ...(node.firewall === 'stateful' ? { 'inet l4lab_firewall': firewallRules(node) } : {}),
    ...(node.nat === undefined ? {} : { 'inet l4lab_nat': natTable(node.nat) }),
    ...(idle === null ? {} : { 'inet l4lab_idle': idle }),
    ...(node.undoDscp === undefined ? {} : { 'netdev l4lab_undo_dscp': undoDscpRules(node) }),
  };
}

/** Whether a node's own rules enable connection tracking; excludes a load balancer's rules. */
export function tracksConnections(node: NodePlan): boolean {
  return node.firewall === 'stateful' || node.nat !== undefined || idleRules(node) !== null;
}

/** A TCP segment of an unknown connection that does not begin one. */
const NEW_WITHOUT_SYN = 'tcp flags & (syn|rst) == 0 ct state new counter name unbegun';

/** A stateful firewall for forwarded packets: strict TCP tracking, drops invalid packets. */
function firewallRules(node: NodePlan): string {
  return `table inet l4lab_firewall {
  counter invalid {}
  counter unbegun {}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state invalid counter name invalid drop
    ${NEW_WITHOUT_SYN} ${onIdle(node)}
  }
}
`;
}

/**
 * A load balancer with an idle timeout must not forward packets of forgotten connections: the kernel would create the
 * connection again, possibly with another server. Null if it keeps no connections, or uses the kernel's timeouts.
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
    ${[...new Set(ends)].map((end) => `${end} ${NEW_WITHOUT_SYN} ${onIdle(node)}`).join('\n    ')}
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

/** l3dsr: turns a DSCP value into its VIP at ingress, so that the node's own stack sees the client's packet. */
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
