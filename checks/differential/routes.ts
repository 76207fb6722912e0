import fc from 'fast-check';
import { host } from '../../harness/scenario/address.ts';
import { mostly } from './settings.ts';
import { addressesOf, isTrunk, type Wired } from './wiring.ts';

type Settings = Record<string, unknown>;

/** Additional routes: one that drops packets, one by source, one over all gateways; and a static neighbour. Null for none. */
export interface Routes {
  deadEnd: { node: keyof typeof TARGETS; to: number; type: 'blackhole' | 'unreachable' | 'prohibit' } | null;
  /** `via`: index of the gateway, modulo their number; a larger one names the gateway instead of its address. */
  source: { node: 's1' | 's2'; from: string; via: number } | null;
  /** A server that spreads flows to these destinations over all its gateways. */
  equal: { node: 's1' | 's2'; to: string } | null;
  /** A gateway with a static MAC: that of a node, or of no node. */
  neighbour: { node: 's1' | 's2'; at: string } | null;
}

const CLIENTS = '198.51.100.0/26';
const S1 = '203.0.113.11/32';
const NEAR = '203.0.113.0/25';
const FAR = '203.0.113.128/25';

/** Possible destinations of such a route: not a subnet of the node, and not a VIP that the load balancer holds. */
const TARGETS = {
  client: ['web', 'api', S1],
  l3: ['web', 'api', S1],
  l4: [CLIENTS, S1],
  s1: ['web', CLIENTS],
  s2: ['api', CLIENTS, S1],
};

export const routes: fc.Arbitrary<Routes> = fc.record({
  deadEnd: rarely(
    fc.record({
      node: fc.constantFrom(...(Object.keys(TARGETS) as (keyof typeof TARGETS)[])),
      to: fc.nat(5),
      type: fc.constantFrom('blackhole' as const, 'unreachable' as const, 'prohibit' as const),
    }),
  ),
  source: rarely(
    fc.record({
      node: fc.constantFrom('s1' as const, 's2' as const),
      from: fc.constantFrom('web', NEAR, FAR),
      via: fc.nat(3),
    }),
  ),
  equal: rarely(
    fc.record({
      node: fc.constantFrom('s1' as const, 's2' as const),
      to: fc.constantFrom(CLIENTS, '198.51.100.0/24'),
    }),
  ),
  neighbour: rarely(
    fc.record({
      node: fc.constantFrom('s1' as const, 's2' as const),
      at: fc.constantFrom('l3', 'l4', '02:00:00:00:00:99'),
    }),
  ),
});

function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return mostly(false, [true]).chain((drawn) => (drawn ? arbitrary : fc.constant(null)));
}

/** Settings of nodes with these routes in addition to those of the lab. @param vips of services */
export function routed(
  nodes: Record<string, Settings>,
  { deadEnd, source, equal, neighbour }: Routes,
  wired: Wired,
  vips: Record<string, unknown>,
): Record<string, Settings> {
  const more = new Map<string, Settings[]>();
  if (deadEnd !== null && deadEnd.node in wired.nodes) {
    const { node, type } = deadEnd;
    more.set(node, [{ to: TARGETS[node][deadEnd.to % TARGETS[node].length]!, type }]);
  }
  const gateways = source === null ? [] : wired.gateways[source.node].filter((gateway) => gateway !== 'none');
  if (source !== null && gateways.length > 0) {
    const gateway = gateways[source.via % gateways.length]!;
    const via = source.via > 1 ? (nameOfHop(gateway, wired) ?? gateway) : gateway;
    const route = { to: 'default', from: source.from, via };
    more.set(source.node, [...(more.get(source.node) ?? []), route]);
  }
  const hops = equal === null ? [] : wired.gateways[equal.node].filter((gateway) => gateway !== 'none');
  if (equal !== null && hops.length > 1) {
    const route = { to: equal.to, via: hops };
    const others = (more.get(equal.node) ?? []).filter(({ to, from }) => to !== equal.to || from !== undefined);
    more.set(equal.node, [...others, route]);
  }
  const prefixOf = (to: unknown): unknown => (String(to) in vips ? `${String(vips[String(to)])}/32` : to);
  const changed = [...more].map(([name, added]) => {
    const before = (wired.nodes[name]!['routes'] ?? []) as Settings[];
    const kept = before.filter((route) => !added.some(({ to }) => prefixOf(to) === route['to']));
    return [name, { ...nodes[name], routes: [...kept, ...added] }] as const;
  });
  const all = { ...nodes, ...Object.fromEntries(changed) };
  if (neighbour === null) return all;
  const address = wired.gateways[neighbour.node].filter((gateway) => gateway !== 'none')[0];
  // A node can only be a neighbour on a segment where it has an address.
  const isThere = neighbour.at.includes(':') || (address !== undefined && hasLeg(neighbour.at, address, wired));
  return address === undefined || !isThere
    ? all
    : { ...all, [neighbour.node]: { ...all[neighbour.node], neighbours: { [address]: neighbour.at } } };
}

/** The node with an address, if that is its only one beside the servers; otherwise its name could mean another one. */
function nameOfHop(address: string, { links }: Wired): string | undefined {
  const owned = links
    .flatMap((link) => Object.entries(link))
    .flatMap(([name, end]) => (isTrunk(end) ? [] : addressesOf(end).map((cidr) => ({ name, address: host(cidr) }))))
    .filter((own) => own.address.startsWith('203.'));
  const name = owned.find((own) => own.address === address)?.name;
  return owned.filter((own) => own.name === name).length === 1 ? name : undefined;
}

/** Whether a node has an address on the segment of one of the servers' gateways. */
function hasLeg(name: string, gateway: string, { nodes, links }: Wired): boolean {
  if (!(name in nodes)) return false;
  const segment = Number(gateway.split('.').at(-1)) & 0x80;
  const own = [...links.map((link) => link[name]), nodes[name]!['bridge']];
  return own.some(
    (end) => typeof end === 'string' && end.startsWith('203.') && (Number(/(\d+)\//.exec(end)![1]) & 0x80) === segment,
  );
}
