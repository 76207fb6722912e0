import { IP_IN_IP, tunnelsIn, versionOf } from '../terms/tunnel.ts';
import type { RenderInput } from './input.ts';
import { joinParts } from './part.ts';
import type { Part } from './ruleset.ts';

/**
 * Drops ICMP errors about tunnelled packets, from servers and from routers on the path. For each of them, the kernel's
 * tunnel device would drop a later packet to that server, from any client (err_count of ip_tunnel_xmit), or forward the
 * error to a client (ip4ip6_err, ip6ip6_err, ipip6_err). Errors "too big" are accepted: the device must send smaller packets.
 */
export function renderTunnelErrors({ config }: RenderInput): Part {
  const tunnels = tunnelsIn(config);
  if (tunnels.length === 0) return joinParts();
  const rules = VERSIONS.flatMap((outer) =>
    VERSIONS.flatMap((carries) => {
      const isUsed = tunnels.some((one) => versionOf(one.server) === outer && one.carries === carries);
      return isUsed ? RULES[outer](IP_IN_IP[carries]) : [];
    }),
  );
  return { maps: [], chains: [{ name: 'tunnel.errors', hook: 'type filter hook input priority filter - 20', rules }] };
}

/** Matches the protocol of the quoted packet: at byte 9 (IPv4) or 6 (IPv6) after the 8 bytes of the ICMP header. */
const RULES: Record<4 | 6, (quoted: number) => string[]> = {
  4: (quoted) => [
    `icmp type destination-unreachable icmp code != frag-needed @th,136,8 ${quoted} counter drop`,
    `icmp type { time-exceeded, parameter-problem } @th,136,8 ${quoted} counter drop`,
  ],
  6: (quoted) => [
    `icmpv6 type { destination-unreachable, time-exceeded, parameter-problem } @th,112,8 ${quoted} counter drop`,
  ],
};

const VERSIONS = [4, 6] as const;
