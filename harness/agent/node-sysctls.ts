import type { NodePlan } from '../terms/plan.ts';

/** Conntrack timeouts in whole seconds; available in the kernel only once something tracks connections. */
export function conntrackSysctls({ idleTimeoutMs }: NodePlan): Record<string, string> {
  if (idleTimeoutMs === undefined) return {};
  const names = ['tcp_timeout_established', 'udp_timeout', 'udp_timeout_stream'];
  const seconds = String(Math.ceil(idleTimeoutMs / 1000));
  return Object.fromEntries(names.map((name) => [`net/netfilter/nf_conntrack_${name}`, seconds]));
}

/** All other sysctls of a node: those in its plan, and those derived from its ages and routes. */
export function sysctlsOf(node: NodePlan): Record<string, string> {
  return { ...node.sysctls, ...neighbourSysctls(node), ...multipathSysctls(node) };
}

/**
 * The kernel considers a neighbour reachable for a random time of half to one and a half times the base time. When it
 * is needed again, the kernel probes it three times (retrans_time_ms) before it fails, then broadcasts for the next
 * packet.
 */
function neighbourSysctls({ interfaces, neighbourAgeMs, sysctls }: NodePlan): Record<string, string> {
  if (neighbourAgeMs === undefined) return {};
  const base = String(Math.ceil((neighbourAgeMs * 2) / 3));
  const versions = Object.keys(sysctls).some((path) => path.startsWith('net/ipv6/neigh/')) ? [4, 6] : [4];
  return Object.fromEntries(
    versions.flatMap((version) =>
      interfaces.flatMap(({ name }) => [
        [`net/ipv${version}/neigh/${name}/base_reachable_time_ms`, base],
        // Delay from stale to probing.
        [`net/ipv${version}/neigh/${name}/delay_first_probe_time`, '0'],
      ]),
    ),
  );
}

/** Addresses, protocol and ports: Documentation/networking/ip-sysctl.rst, fib_multipath_hash_fields. */
const HASH_FIELDS = String(0x0001 | 0x0002 | 0x0004 | 0x0010 | 0x0020);

/**
 * Flows of one client with different ports may take different routes. Policy 1 would do the same between machines. But all
 * nodes of a lab share a kernel, where it uses the hash that the sender's socket left in the packet, which changes with
 * each retransmission (fib_multipath_hash, sk_rethink_txhash). Policy 3 always reads the headers.
 */
function multipathSysctls({ routes }: NodePlan): Record<string, string> {
  const several = routes.filter(({ others }) => others !== undefined);
  return Object.fromEntries(
    several.flatMap(({ via }) => {
      const family = via?.includes(':') ? 'ipv6' : 'ipv4';
      return [
        [`net/${family}/fib_multipath_hash_policy`, '3'],
        [`net/${family}/fib_multipath_hash_fields`, HASH_FIELDS],
      ];
    }),
  );
}

/** Ageing options for `ip link … type bridge`. @param macAgeMs 300 s by default */
export function bridgeAge(macAgeMs = 300_000): string {
  return `ageing_time ${Math.round(macAgeMs / 10)}`;
}
