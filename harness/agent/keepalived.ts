import type { PairPlan } from '../terms/plan.ts';
import type { PairState } from './protocol.ts';

/**
 * keepalived.conf(5) of one member of a pair. VRRP uses IPv4 for all addresses: IPv6 addresses are in the excluded
 * block.
 * @param fifo where it reports its states
 */
export function keepalivedConfig(pair: PairPlan, node: string, fifo: string): string {
  const { iface, priority } = pair.members.find((member) => member.node === node)!;
  const lines = pair.addresses.map(({ address, ifaces }) => ({
    isV6: address.includes(':'),
    line: `${address}/${address.includes(':') ? 128 : 32} dev ${ifaces[node]!}`,
  }));
  const block = (name: string, which: string[]): string[] =>
    which.length === 0 ? [] : [`  ${name} {`, ...which.map((line) => `    ${line}`), '  }'];
  const v4 = lines.filter(({ isV6 }) => !isV6).map(({ line }) => line);
  return [
    'global_defs {',
    '  vrrp_version 3',
    `  vrrp_notify_fifo ${fifo}`,
    '  script_user root',
    // Gives the others time to send their connections.
    ...(pair.sync === 'none' ? [] : ['  vrrp_startup_delay 0.5']),
    '}',
    `vrrp_instance ${pair.name} {`,
    // The master is always elected by advertisements, with or without preemption.
    '  state BACKUP',
    `  interface ${iface}`,
    `  virtual_router_id ${pair.id}`,
    `  priority ${priority}`,
    `  advert_int ${pair.advertMs / 1000}`,
    ...(pair.preempt ? [] : ['  nopreempt']),
    // Only one announcement per address, so that the reaction of neighbours to it is visible.
    '  garp_master_repeat 1',
    '  garp_master_delay 0',
    '  garp_lower_prio_repeat 1',
    '  garp_lower_prio_delay 0',
    ...(v4.length === 0 ? ['  no_virtual_ipaddress'] : block('virtual_ipaddress', v4)),
    ...block(
      'virtual_ipaddress_excluded',
      lines.filter(({ isV6 }) => isV6).map(({ line }) => line),
    ),
    '}',
    '',
  ].join('\n');
}

export const QUIET_TABLE = 'netdev l4lab_quiet';

/**
 * Drops announcements of the pair's addresses: keepalived sends at least one gratuitous ARP, whatever its
 * configuration.
 */
export function quietRules({ addresses }: PairPlan, node: string): string {
  const devices = [...new Set(addresses.map(({ ifaces }) => `"${ifaces[node]!}"`))].join(', ');
  const rules = addresses.map(({ address }) =>
    address.includes(':')
      ? `ip6 daddr ff02::1 icmpv6 type nd-neighbor-advert icmpv6 taddr ${address} drop`
      : `arp saddr ip ${address} arp daddr ip ${address} drop`,
  );
  return `table ${QUIET_TABLE} {
  chain egress {
    type filter hook egress devices = { ${devices} } priority filter;
    ${rules.join('\n    ')}
  }
}
`;
}

const STATES: Record<string, PairState> = { MASTER: 'master', BACKUP: 'backup', FAULT: 'fault' };

/** The state in a line of keepalived's fifo, `INSTANCE "edge" MASTER 150`; null if it has none. */
export function stateIn(line: string): PairState | null {
  return STATES[/^INSTANCE "[^"]*" (\w+)/.exec(line)?.[1] ?? ''] ?? null;
}
