import { isIPv6 } from 'node:net';
import { run } from './run.ts';
import type { HostFacts, HostInterface } from '../facts/facts.ts';

interface IpAddr {
  ifindex: number;
  ifname: string;
  /** `ether`, `loopback`, `ipip`, `none` … */
  link_type: string;
  address?: string;
  mtu: number;
  master?: string;
  flags?: string[];
  /** Lower interface, or the peer of a veth pair in the same namespace. */
  link?: string | null;
  addr_info?: { local: string; prefixlen: number }[];
}

interface IpRoute {
  dst: string;
  dev?: string;
  /** `unreachable`, `blackhole` …, which IPv6 prints with an interface (`lo`); absent for unicast routes. */
  type?: string;
  /** Absent for the main table. */
  table?: string;
  /** Router preference (RFC 4191): present in every IPv6 route, never in IPv4. */
  pref?: string;
}

/** Reads interfaces, addresses and routes of this network namespace with one call of iproute2. */
export async function readFacts(): Promise<HostFacts> {
  // Without `table all` only IPv4 routes are printed.
  const text = await run('ip-failed', 'ip', ['-j', '-batch', '-'], 'addr show\nroute show table all\n');
  return parseFacts(text);
}

/** Parses the output of `ip -j` for `addr show` and `route show table all`: one line of JSON each. */
export function parseFacts(text: string): HostFacts {
  const [links, routes] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown) as [IpAddr[], IpRoute[]];
  // Named tables (local, default) belong to the kernel.
  const tables = [...new Set(routes.map(({ table }) => Number(table)).filter((table) => table > 0))];
  const above = ({ ifname, link }: IpAddr): Pick<HostInterface, 'above'> => {
    const isPair = links.some((one) => one.ifname === link && one.link === ifname);
    return link === undefined || link === null || isPair ? {} : { above: link };
  };
  return {
    interfaces: links.map((link) => ({
      name: link.ifname,
      index: link.ifindex,
      // For a tunnel this is an IP address, possibly 0.0.0.0.
      mac: link.link_type === 'ether' ? (link.address ?? '') : '',
      master: link.master ?? null,
      mtu: link.mtu,
      ...above(link),
      addresses: (link.addr_info ?? []).map(({ local, prefixlen }) => ({ address: local, prefix: prefixlen })),
      ...(link.flags?.includes('UP') === false ? { down: true as const } : {}),
    })),
    routes: routes.flatMap((route) =>
      route.dev && route.type === undefined && route.table === undefined ? [toRoute(route, route.dev)] : [],
    ),
    ...(tables.length === 0 ? {} : { tables: tables.sort((a, b) => a - b) }),
  };
}

function toRoute({ dst, pref }: IpRoute, dev: string): HostFacts['routes'][number] {
  if (dst === 'default') return { to: pref === undefined ? '0.0.0.0/0' : '::/0', dev };
  return { to: dst.includes('/') ? dst : `${dst}/${isIPv6(dst) ? 128 : 32}`, dev };
}
