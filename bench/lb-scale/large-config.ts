/** Modes that are measured at scale. */
export const MODES = ['dsr', 'dnat', 'proxy'] as const;
export type Mode = (typeof MODES)[number];

const PROXY_IPS = ['203.0.113.6', '203.0.113.7', '203.0.113.8', '203.0.113.9'];
const FIRST_PORT = 2000;

/** Number of addresses for servers in the documentation ranges of a family: two hundred in IPv4. */
export const ADDRESSES = {
  IPv4: { vip: '203.0.113.10', servers: Array.from({ length: 200 }, (_, i) => `203.0.113.${16 + i}`) },
  IPv6: { vip: '2001:db8:2::10', servers: Array.from({ length: 1000 }, (_, i) => `2001:db8:2::1:${i.toString(16)}`) },
};

/** Address family for this number of servers; modes that rewrite ports can have several servers at one address. */
export function familyFor(mode: Mode, servers: number): keyof typeof ADDRESSES {
  return mode === 'dsr' && servers > ADDRESSES.IPv4.servers.length ? 'IPv6' : 'IPv4';
}

/** Services of one VIP on consecutive ports, the last one at `lastPort`. */
export function largeConfig(mode: Mode, services: number, servers: number, fields: Record<string, unknown> = {}) {
  const { vip, servers: addresses } = ADDRESSES[familyFor(mode, servers)];
  return {
    version: 1,
    vipOwner: false,
    services: Array.from({ length: services }, (_, i) => ({
      name: `s-${i}`,
      vip,
      port: FIRST_PORT + i,
      protocol: 'udp',
      mode,
      ...(mode === 'proxy' ? { proxyIp: PROXY_IPS } : {}),
      servers: Array.from({ length: servers }, (_, j) => serverOf(mode, addresses, j, i)),
    })),
    ...fields,
  };
}

export function lastPort(services: number): number {
  return FIRST_PORT + services - 1;
}

function serverOf(mode: Mode, addresses: string[], n: number, service: number) {
  const address = addresses[(n + service) % addresses.length]!;
  const port = mode === 'dsr' ? {} : { port: 10_000 + Math.floor(n / addresses.length) };
  return { name: `h-${n}`, address, ...port };
}
