/** Modes that are measured at scale. */
export const MODES = ['dsr', 'dnat', 'proxy'] as const;
export type Mode = (typeof MODES)[number];

export const VIP = '203.0.113.10';
const PROXY_IPS = ['203.0.113.6', '203.0.113.7', '203.0.113.8', '203.0.113.9'];
const FIRST_PORT = 2000;

/** Addresses that servers have; beyond these, modes that rewrite ports tell servers of one address apart by them. */
export const SERVER_ADDRESSES = Array.from({ length: 200 }, (_, i) => `203.0.113.${16 + i}`);

/** Services of one VIP, by port; the last of them is at `lastPort`. */
export function largeConfig(mode: Mode, services: number, servers: number, fields: Record<string, unknown> = {}) {
  return {
    version: 1,
    vipOwner: false,
    services: Array.from({ length: services }, (_, i) => ({
      name: `s-${i}`,
      vip: VIP,
      port: FIRST_PORT + i,
      protocol: 'udp',
      mode,
      ...(mode === 'proxy' ? { proxyIp: PROXY_IPS } : {}),
      servers: Array.from({ length: servers }, (_, j) => serverOf(mode, j, i)),
    })),
    ...fields,
  };
}

export function lastPort(services: number): number {
  return FIRST_PORT + services - 1;
}

function serverOf(mode: Mode, n: number, service: number) {
  const place = n + service;
  const address = SERVER_ADDRESSES[place % SERVER_ADDRESSES.length]!;
  const port = mode === 'dsr' ? {} : { port: 10_000 + Math.floor(n / SERVER_ADDRESSES.length) };
  return { name: `h-${n}`, address, ...port };
}
