import { isIPv6 } from 'node:net';
import { run } from './run.ts';
import type { HostFacts, HostInterface } from '../terms/facts.ts';

interface IpAddr {
  ifindex: number;
  ifname: string;
  /** `ether`, `loopback`, `ipip`, `none` … */
  link_type: string;
  address?: string;
  mtu: number;
  master?: string;
  flags?: string[];
  /** Interface that it is above, or the other end of a pair in the same namespace. */
  link?: string | null;
  addr_info?: { local: string; prefixlen: number }[];
}

interface IpRoute {
  dst: string;
  dev?: string;
  /** `unreachable`, `blackhole` …, which IPv6 shows with an interface (`lo`); absent for one that leads somewhere. */
  type?: string;
  /** Absent for the main table. */
  table?: string;
  /** Router preference (RFC 4191): every route of IPv6 has one, and none of IPv4. */
  pref?: string;
}

/** Asks iproute2, once, for interfaces, addresses and routes of this network namespace. */
export async function readFacts(): Promise<HostFacts> {
  // Without a table only routes of IPv4 would be shown.
  const text = await run('ip-failed', 'ip', ['-j', '-batch', '-'], 'addr show\nroute show table all\n');
  return parseFacts(text);
}

/** Facts of what `ip -j` prints for `addr show` and `route show table all`: a line of JSON each. */
export function parseFacts(text: string): HostFacts {
  const [links, routes] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown) as [IpAddr[], IpRoute[]];
  // Those with a name are the kernel's: local, default.
  const tables = [...new Set(routes.map(({ table }) => Number(table)).filter((table) => table > 0))];
  const above = ({ ifname, link }: IpAddr): Pick<HostInterface, 'above'> => {
    const isPair = links.some((one) => one.ifname === link && one.link === ifname);
    return link === undefined || link === null || isPair ? {} : { above: link };
  };
  return {
    interfaces: links.map((link) => ({
      name: link.ifname,
      index: link.ifindex,
      // That of a tunnel is an IP address, be it 0.0.0.0.
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
