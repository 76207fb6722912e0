import fc from 'fast-check';
import { linkName } from '../../harness/terms/link-name.ts';
import { mostly } from './settings.ts';

/** How the nodes of a generated lab are wired. */
export interface Wiring {
  /**
   * Where the L4 is: next to the servers, on a separate segment, or between router and servers, as router or switch; or
   * `flat`: callers, L4 and servers on one switch, without any router.
   */
  l4: 'one-arm' | 'on-l3' | 'in-line' | 'in-line-switch' | 'flat';
  /** A second router: on the path of the client, or next to the first one. */
  routers: 'one' | 'chain' | 'pair';
  /** Where the servers are: in the L4's subnet, in another one, one in each, or with an interface in both. */
  servers: 'near' | 'far' | 'split' | 'both';
  /**
   * A second link: between L4 and router, if they have a link, and which of the two leads to the gateway; or between a server
   * and its switch, in the subnet of the first link.
   */
  double: 'none' | 'router' | 'router-gateway' | 'server';
}

export const wiring: fc.Arbitrary<Wiring> = fc.record({
  l4: fc.constantFrom<Wiring['l4'][]>('one-arm', 'in-line', 'on-l3', 'in-line-switch', 'flat'),
  routers: fc.constantFrom<Wiring['routers'][]>('one', 'one', 'chain', 'pair'),
  servers: fc.constantFrom<Wiring['servers'][]>('near', 'near', 'far', 'split', 'both'),
  double: mostly<Wiring['double']>('none', ['router', 'router-gateway', 'server'], 2),
});

/** A position of the L4 behind a router. */
type Inner = Exclude<Wiring['l4'], 'flat'>;

/** Null for a port of a switch, an address, or addresses by VLAN, the native one's apart. */
export type LinkEnd = string | null | Trunk;
interface Trunk {
  address?: string;
  vlans: Record<string, LinkEnd>;
}

export function isTrunk(end: LinkEnd): end is Trunk {
  return end !== null && typeof end !== 'string';
}

/** Addresses of a node's end of a link. */
export function addressesOf(end: LinkEnd): string[] {
  if (end === null) return [];
  if (!isTrunk(end)) return [end];
  return [...(end.address === undefined ? [] : [end.address]), ...Object.values(end.vlans).flatMap(addressesOf)];
}

/** A lab as in its YAML file, and addresses that fit into it. */
export interface Wired {
  name: string;
  nodes: Record<string, Record<string, unknown>>;
  links: Record<string, LinkEnd>[];
  /** Gateways that a server may have, by server. */
  gateways: { s1: string[]; s2: string[] };
  /** Addresses for VIPs; the first two are on a segment of the L4, the last one is in no subnet. */
  vips: string[];
  /** Proxy IPs on a segment of the L4. */
  proxyIps: string[];
}

/** The ends of a link: a node, and its name for the link. */
export function endsOf(links: Wired['links'], index: number): { name: string; word: string }[] {
  const [a, b] = Object.keys(links[index]!) as [string, string];
  const number = links.slice(0, index + 1).filter((link) => a in link && b in link).length;
  return [
    { name: a, word: linkName(b, number) },
    { name: b, word: linkName(a, number) },
  ];
}

/** A subnet without nodes: its addresses are routed to the L4. */
const ROUTED = '198.51.100.240';
const NEAR = '203.0.113.0/25';
const CLIENTS = '198.51.100.0/26';
const OF_L4 = { near: '203.0.113.2', own: '198.51.100.130' };

/** @param twins whether there is a second L4 next to the first one; only if that is next to the servers */
export function wire({ double, ...wiring }: Wiring, twins = false): Wired {
  return doubled(single(wiring, twins), double);
}

/** The second link between router and L4. */
const BETWEEN = { l3: '198.51.100.225/28', l4: '198.51.100.226/28' };
const VIP_BETWEEN = '198.51.100.230';
/** The second link between a server and its switch. */
const SECOND_OF_S1 = { s1: '203.0.113.43/25', l2: null };

/** The same with a second link, if there is a link like it. */
function doubled(wired: Wired, double: Wiring['double']): Wired {
  const has = (a: string, b: string): boolean => wired.links.some((link) => a in link && b in link);
  const name = `${wired.name}-double-${double}`;
  if (
    (double === 'router' || double === 'router-gateway') &&
    has('l3', 'l4') &&
    wired.nodes['l4']!['bridge'] === undefined
  ) {
    const [first = '', , ...others] = wired.vips;
    const l4 = { ...wired.nodes['l4'], ...(double === 'router' ? {} : { gateway: 'l3-2' }) };
    const nodes = { ...wired.nodes, l4 };
    return { ...wired, name, nodes, links: [...wired.links, BETWEEN], vips: [first, VIP_BETWEEN, ...others] };
  }
  if (double === 'server' && has('s1', 'l2') && !has('s1', 'l2-far'))
    return { ...wired, name, links: [...wired.links, SECOND_OF_S1] };
  return wired;
}

function single({ l4, routers, servers }: Omit<Wiring, 'double'>, twins: boolean): Wired {
  if (l4 === 'flat') return flat(twins);
  const twin = twins && l4 === 'one-arm';
  const own = l4 === 'on-l3' || l4 === 'in-line';
  const l4Address = own ? OF_L4.own : OF_L4.near;
  const chained = routers === 'chain';
  const paired = routers === 'pair';
  const far = servers !== 'near';
  const nearGateways = [
    ...(l4 === 'in-line' ? [] : ['203.0.113.1']),
    ...(l4 === 'on-l3' ? [] : [OF_L4.near]),
    ...(paired ? ['203.0.113.3'] : []),
  ];
  const gatewaysOf = (subnets: ('near' | 'far')[]): string[] => [
    ...(subnets.includes('near') ? nearGateways : []),
    ...(subnets.includes('far') ? ['203.0.113.129'] : []),
    'none',
  ];
  const subnets = {
    s1: SUBNETS[servers].s1,
    s2: SUBNETS[servers].s2,
  };
  return {
    name: `${l4}${twin ? '-twins' : ''}-${routers}-${servers}`,
    nodes: {
      client: { role: 'client', gateway: '198.51.100.1' },
      ...(chained ? { edge: { role: 'l3', routes: behindL3().map((to) => ({ to, via: '198.51.100.194' })) } } : {}),
      l3: {
        role: 'l3',
        routes: [`${ROUTED}/32`, ...(l4 === 'in-line' ? [NEAR] : [])].map((to) => ({ to, via: l4Address })),
        ...(chained ? { gateway: '198.51.100.193' } : {}),
      },
      ...(paired ? { l3b: { role: 'l3', ...secondRouter(l4) } } : {}),
      l4: {
        role: 'l4',
        gateway: own ? '198.51.100.129' : '203.0.113.1',
        ...(l4 === 'in-line-switch' ? { bridge: `${OF_L4.near}/25` } : {}),
      },
      ...(twin ? { l4b: { role: 'l4', gateway: '203.0.113.1' } } : {}),
      l2: { role: 'l2' },
      ...(far ? { 'l2-far': { role: 'l2' } } : {}),
      s1: { role: 'server' },
      s2: { role: 'server' },
    },
    links: [
      ...(chained
        ? [
            { client: '198.51.100.10/26', edge: '198.51.100.1/26' },
            { edge: '198.51.100.193/27', l3: '198.51.100.194/27' },
          ]
        : [{ client: '198.51.100.10/26', l3: '198.51.100.1/26' }]),
      ...linksOfL4(l4),
      ...(twin ? [{ l4b: '203.0.113.4/25', l2: null }] : []),
      ...(far ? [{ l3: '203.0.113.129/25', 'l2-far': null }] : []),
      ...(paired
        ? [
            { client: '198.51.100.74/26', l3b: '198.51.100.65/26' },
            { l3b: '203.0.113.3/25', l2: null },
          ]
        : []),
      ...(['s1', 's2'] as const).flatMap((server, index) =>
        subnets[server].map((subnet) =>
          subnet === 'near'
            ? { [server]: `203.0.113.${11 + index}/25`, l2: null }
            : { [server]: `203.0.113.${139 + index}/25`, 'l2-far': null },
        ),
      ),
    ],
    gateways: { s1: gatewaysOf(subnets.s1), s2: gatewaysOf(subnets.s2) },
    vips: [...VIPS[l4], ROUTED],
    proxyIps: l4 === 'on-l3' ? ['198.51.100.190', '198.51.100.189'] : ['203.0.113.124', '203.0.113.125'],
  };
}

function flat(twins: boolean): Wired {
  const inner: [string, string][] = [
    ['client', '203.0.113.20'],
    ['l4', OF_L4.near],
    ...(twins ? [['l4b', '203.0.113.4'] as [string, string]] : []),
    ['s1', '203.0.113.11'],
    ['s2', '203.0.113.12'],
  ];
  const gateways = [OF_L4.near, 'none'];
  return {
    name: twins ? 'flat-twins' : 'flat',
    nodes: {
      client: { role: 'client' },
      l4: { role: 'l4' },
      ...(twins ? { l4b: { role: 'l4' } } : {}),
      l2: { role: 'l2' },
      s1: { role: 'server' },
      s2: { role: 'server' },
    },
    links: inner.map(([name, address]) => ({ [name]: `${address}/25`, l2: null })),
    gateways: { s1: gateways, s2: gateways },
    vips: ['203.0.113.80', '203.0.113.81', ROUTED],
    proxyIps: ['203.0.113.124', '203.0.113.125'],
  };
}

const SUBNETS: Record<Wiring['servers'], Record<'s1' | 's2', ('near' | 'far')[]>> = {
  near: { s1: ['near'], s2: ['near'] },
  far: { s1: ['far'], s2: ['far'] },
  split: { s1: ['near'], s2: ['far'] },
  both: { s1: ['near', 'far'], s2: ['near', 'far'] },
};

const VIPS: Record<Inner, [string, string]> = {
  'one-arm': ['203.0.113.80', '203.0.113.81'],
  'in-line-switch': ['203.0.113.80', '203.0.113.81'],
  'in-line': ['203.0.113.80', '198.51.100.181'],
  'on-l3': ['198.51.100.180', '198.51.100.181'],
};

function linksOfL4(l4: Inner): Record<string, string | null>[] {
  const own = { l3: '198.51.100.129/26', l4: `${OF_L4.own}/26` };
  const beside = { l3: '203.0.113.1/25', l2: null };
  const near = { l4: `${OF_L4.near}/25`, l2: null };
  switch (l4) {
    case 'one-arm':
      return [beside, near];
    case 'on-l3':
      return [beside, own];
    case 'in-line':
      return [own, near];
    case 'in-line-switch':
      return [
        { l3: '203.0.113.1/25', l4: null },
        { l4: null, l2: null },
      ];
  }
}

/** Routes of an outer router to the rest. */
function behindL3(): string[] {
  return ['203.0.113.0/24', '198.51.100.128/26', `${ROUTED}/32`];
}

/** Reaches the client's first address via the client's second link, and everything else via its neighbour. */
function secondRouter(l4: Inner): Record<string, unknown> {
  return {
    routes: [{ to: CLIENTS, via: '198.51.100.74' }],
    gateway: l4 === 'in-line' ? OF_L4.near : '203.0.113.1',
  };
}
