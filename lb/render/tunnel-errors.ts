import { IP_IN_IP, tunnelsIn, versionOf } from '../terms/tunnel.ts';
import type { RenderInput } from './input.ts';
import { joinParts } from './part.ts';
import type { Part } from './ruleset.ts';

/**
 * Errors about packets in tunnels, of servers and of routers on the way, stop here. The kernel's tunnel device would refuse
 * one of the next packets to that server for each of them, whoever sent it (err_count of ip_tunnel_xmit), or pass the error on
 * to a client (ip4ip6_err, ip6ip6_err, ipip6_err). That a packet is too big does get through: the device has to send smaller ones.
 */
export function renderTunnelErrors({ config }: RenderInput): Part {
  const tunnels = tunnelsIn(config);
  if (tunnels.length === 0) return joinParts();
  const rules = VERSIONS.flatMap((outer) =>
    VERSIONS.flatMap((carries) => {
      const isThere = tunnels.some((one) => versionOf(one.server) === outer && one.carries === carries);
      return isThere ? RULES[outer](IP_IN_IP[carries]) : [];
    }),
  );
  return { maps: [], chains: [{ name: 'tunnel.errors', hook: 'type filter hook input priority filter - 20', rules }] };
}

/** By the protocol of the packet that the error quotes, 9 bytes (IPv4) or 6 bytes (IPv6) behind the 8 of its own header. */
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
