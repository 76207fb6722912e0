import { NetnsLab, QUIET_ARP, ROUTER } from '../netns/netns-lab.ts';

/** DSCP value of the VIPs of l3dsr. */
const DSCP = 11;
interface Addresses {
  client: string;
  vip: string;
  proxyIp: string;
  server: (n: number) => string;
}

/** Addresses of the routed lab by family. */
export const ROUTED: Record<'IPv4' | 'IPv6', Addresses> = {
  IPv4: {
    client: '198.51.100.100',
    vip: '203.0.113.80',
    proxyIp: '203.0.113.254',
    server: (n) => `203.0.113.1${n}`,
  },
  IPv6: {
    client: '2001:db8:1::100',
    vip: '2001:db8:2::80',
    proxyIp: '2001:db8:2::254',
    server: (n) => `2001:db8:2::1${n}`,
  },
};

/**
 * A lab in which every mode works, in both families: the load balancer `l4` routes between a router `l3`, with `client`
 * behind it, and a switch with the servers `s1`, `s2`, … Servers have the VIPs on their loopback, undo l3dsr, and use
 * the load balancer as gateway. In dsr it must not own the VIPs: it would drop replies with its own address as source.
 */
export async function routedLab(servers: number): Promise<NetnsLab> {
  const names = Array.from({ length: servers }, (_, i) => `s${i + 1}`);
  const lab = await NetnsLab.create({
    client: { links: { l3: '198.51.100.100/25 2001:db8:1::100/64' }, gateway: '198.51.100.1 2001:db8:1::1' },
    l3: {
      links: { client: '198.51.100.1/25 2001:db8:1::1/64', l4: '198.51.100.129/25 2001:db8:3::1/64' },
      routes: ['203.0.113.0/24 via 198.51.100.130', '2001:db8:2::/64 via 2001:db8:3::2'],
      sysctls: ROUTER,
    },
    l4: {
      links: { l3: '198.51.100.130/25 2001:db8:3::2/64', sw: '203.0.113.1/24 2001:db8:2::1/64' },
      gateway: '198.51.100.129 2001:db8:3::1',
      sysctls: ROUTER,
    },
    sw: { bridge: '', links: Object.fromEntries(['l4', ...names].map((name) => [name, ''])) },
    ...Object.fromEntries(
      names.map((name, i) => [
        name,
        {
          links: { sw: `${ROUTED.IPv4.server(i + 1)}/24 ${ROUTED.IPv6.server(i + 1)}/64` },
          loopback: [`${ROUTED.IPv4.vip}/32`, `${ROUTED.IPv6.vip}/128`],
          gateway: '203.0.113.1 2001:db8:2::1',
          sysctls: QUIET_ARP,
        },
      ]),
    ),
  });
  await Promise.all(names.map((name, i) => lab.exec(name, 'nft', undoL3dsr(i + 1))));
  return lab;
}

/** A server's rule in l3dsr: turns the DSCP value back into the VIP before its own stack sees the packet. */
function undoL3dsr(n: number): string {
  const rule = (ip: string, { vip, server }: Addresses) =>
    `${ip} dscp ${DSCP} ${ip} daddr ${server(n)} ${ip} daddr set ${vip} ${ip} dscp set 0`;
  return `table netdev l3dsr {
    chain undo {
      type filter hook ingress device "sw" priority filter
      ${rule('ip', ROUTED.IPv4)}
      ${rule('ip6', ROUTED.IPv6)}
    }
  }`;
}

/** A service `web` on the lab's VIP with its first servers, as a configuration of the load balancer. */
export function routedService(family: keyof typeof ROUTED, mode: string, fields: Record<string, unknown> = {}) {
  const { vip, proxyIp, server } = ROUTED[family];
  const servers = [1, 2].map((n) => ({ name: `s${n}`, address: server(n) }));
  const own = mode === 'proxy' ? { proxyIp } : mode === 'l3dsr' ? { dscp: DSCP } : {};
  const service = { name: 'web', vip, port: 80, mode, servers, ...own, ...fields };
  return { version: 1, vipOwner: false, services: [service] };
}
