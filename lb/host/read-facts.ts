import { isIPv6 } from 'node:net';
import { run } from './run.ts';
import type { HostFacts } from './facts.ts';

interface IpAddr {
  ifname: string;
  address?: string;
  master?: string;
  addr_info?: { local: string; prefixlen: number }[];
}

interface IpRoute {
  dst: string;
  dev?: string;
}

/** Asks iproute2 for interfaces, addresses and routes of this network namespace. */
export async function readFacts(): Promise<HostFacts> {
  const [links, routes4, routes6] = await Promise.all([
    ip<IpAddr>('-j', 'addr', 'show'),
    ip<IpRoute>('-j', 'route', 'show'),
    ip<IpRoute>('-j', '-6', 'route', 'show'),
  ]);
  const withPrefix = (dst: string, any: string) => {
    if (dst === 'default') return any;
    return dst.includes('/') ? dst : `${dst}/${isIPv6(dst) ? 128 : 32}`;
  };
  const route = (any: string) => (r: IpRoute) => (r.dev ? [{ to: withPrefix(r.dst, any), dev: r.dev }] : []);
  return {
    interfaces: links.map((link) => ({
      name: link.ifname,
      mac: link.address ?? '',
      master: link.master ?? null,
      addresses: (link.addr_info ?? []).map(({ local, prefixlen }) => ({ address: local, prefix: prefixlen })),
    })),
    routes: [...routes4.flatMap(route('0.0.0.0/0')), ...routes6.flatMap(route('::/0'))],
  };
}

async function ip<T>(...args: string[]): Promise<T[]> {
  const text = await run('ip-failed', 'ip', args);
  return (text.trim() === '' ? [] : JSON.parse(text)) as T[];
}
