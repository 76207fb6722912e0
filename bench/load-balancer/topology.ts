import { NetnsLab, QUIET_ARP, ROUTER } from '../../lb/netns/netns-lab.ts';

/** Addresses of the path through one balancer; every path has its own subnets, from documentation ranges. */
export interface Path {
  /** Node in the middle. */
  balancer: string;
  vip: string;
  server: string;
  proxyIp: string;
}

/** Sixteen addresses per subnet, so that sixteen paths fit into a /24. */
const SUBNET = 16;

/** The path with this index, from 0 to 15. */
export function pathOf(index: number): Path {
  const host = (n: number) => `203.0.113.${index * SUBNET + n}`;
  return { balancer: `b${index}`, server: host(2), vip: host(3), proxyIp: host(4) };
}

/**
 * One client and one server, and between them a balancer for each contestant. So all are up at the same time and can be
 * measured alternately, and none runs rules of another. Every path has the same two links.
 */
export async function createLab(paths: Path[]): Promise<NetnsLab> {
  const gateway = (range: string, index: number, host = 1) => `${range}.${index * SUBNET + host}`;
  const client = (index: number, host: number) => gateway('198.51.100', index, host);
  const inside = (index: number, host: number) => gateway('203.0.113', index, host);
  const links = (address: (index: number, host: number) => string) =>
    Object.fromEntries(paths.map(({ balancer }, i) => [balancer, `${address(i, 2)}/28`]));
  const ports = { 'ipv4/ip_local_port_range': '1024 65535' };
  return NetnsLab.create({
    client: {
      links: links(client),
      routes: paths.map((_, i) => `${inside(i, 0)}/28 via ${client(i, 1)}`),
      sysctls: ports,
    },
    server: {
      links: links(inside),
      loopback: paths.map(({ vip }) => `${vip}/32`),
      routes: paths.map((_, i) => `${client(i, 0)}/28 via ${inside(i, 1)}`),
      sysctls: QUIET_ARP,
    },
    ...Object.fromEntries(
      paths.map(({ balancer }, i) => [
        balancer,
        {
          links: { client: `${client(i, 1)}/28`, server: `${inside(i, 1)}/28` },
          sysctls: { ...ROUTER, ...ports },
        },
      ]),
    ),
  });
}
