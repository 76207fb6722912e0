import type { NodePlan } from '../terms/plan.ts';

/** Settings by which a node forgets connections, which the kernel has once something tracks them; it reckons in seconds. */
export function conntrackSysctls({ idleTimeoutMs }: NodePlan): Record<string, string> {
  if (idleTimeoutMs === undefined) return {};
  const names = ['tcp_timeout_established', 'udp_timeout', 'udp_timeout_stream'];
  const seconds = String(Math.ceil(idleTimeoutMs / 1000));
  return Object.fromEntries(names.map((name) => [`net/netfilter/nf_conntrack_${name}`, seconds]));
}

/** All other settings of a node: those of its plan, and what its ages and routes mean. */
export function sysctlsOf(node: NodePlan): Record<string, string> {
  return { ...node.sysctls, ...neighbourSysctls(node), ...multipathSysctls(node) };
}

/**
 * The kernel takes a neighbour to be there for half to one and a half of a base time, chosen by chance; asks it, once it is
 * needed again, three times before it gives it up (retrans_time_ms), and asks everybody for the next packet.
 */
function neighbourSysctls({ interfaces, neighbourAgeMs, sysctls }: NodePlan): Record<string, string> {
  if (neighbourAgeMs === undefined) return {};
  const base = String(Math.ceil((neighbourAgeMs * 2) / 3));
  const versions = Object.keys(sysctls).some((path) => path.startsWith('net/ipv6/neigh/')) ? [4, 6] : [4];
  return Object.fromEntries(
    versions.flatMap((version) =>
      interfaces.flatMap(({ name }) => [
        [`net/ipv${version}/neigh/${name}/base_reachable_time_ms`, base],
        // Between `not known for sure` and asking.
        [`net/ipv${version}/neigh/${name}/delay_first_probe_time`, '0'],
      ]),
    ),
  );
}

/** Flows with different ports of one client take different routes as well. */
function multipathSysctls({ routes }: NodePlan): Record<string, string> {
  const several = routes.filter(({ others }) => others !== undefined);
  return Object.fromEntries(
    several.map(({ via }) => [`net/${via?.includes(':') ? 'ipv6' : 'ipv4'}/fib_multipath_hash_policy`, '1']),
  );
}

/** What `ip link … type bridge` says of ages. @param macAgeMs 300 s by default */
export function bridgeAge(macAgeMs = 300_000): string {
  return `ageing_time ${Math.round(macAgeMs / 10)}`;
}
