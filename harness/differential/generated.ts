import fc from 'fast-check';
import { SHAPES } from './shapes.ts';
import type { Shape, ShapeName } from './shapes.ts';

/** A lab and a scenario on it, as their YAML files would say it. */
export interface Generated {
  shape: ShapeName;
  lab: Record<string, unknown>;
  scenario: Record<string, unknown>;
}

/** Mostly what is usual, sometimes something else: a lab in which all is odd lets nothing through. */
function mostly<T>(usual: T, others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

const ARP = {
  arpIgnore: fc.constantFrom(1, 0, 2),
  arpAnnounce: fc.constantFrom(2, 0, 1),
};

const host = fc.record({
  rpFilter: mostly(0, [1, 2]),
  arpIgnore: mostly(0, [1, 2]),
  arpAnnounce: mostly(0, [1, 2]),
  acceptLocal: mostly(false, [true]),
  sendRedirects: mostly(false, [true]),
  acceptRedirects: mostly(false, [true]),
});

function server(gateways: string[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record({
    ...ARP,
    rpFilter: mostly(0, [1, 2]),
    acceptLocal: mostly(false, [true]),
    acceptRedirects: mostly(false, [true]),
    forwarding: mostly(false, [true]),
    gateway: fc.constantFrom(...gateways),
    loopback: fc.subarray(['web', 'api']),
  });
}

function service(shape: Shape, vip: string): fc.Arbitrary<Record<string, unknown>> {
  const common = {
    vip: fc.constant(vip),
    port: fc.constant(80),
    pool: fc.subarray(['s1', 's2'], { minLength: 1 }),
    check: mostly({ type: 'none' }, [{ type: 'tcp' }]),
  };
  return fc.oneof(
    fc.record({ ...common, mode: fc.constant('dnat') }),
    fc.record({
      ...common,
      mode: fc.constant('proxy'),
      proxyIp: fc.constantFrom<string | string[]>('auto', shape.proxyIps[0]!, shape.proxyIps),
    }),
    fc.record({ ...common, mode: fc.constant('dsr'), sourceMac: mostly('rewrite', ['keep']) }),
  );
}

const FLOWS = {
  'client-web': { from: 'client', to: 'web', protocol: 'http' },
  'client-api': { from: 'client', to: 'api', protocol: 'tcp' },
  's1-web': { from: 's1', to: 'web', protocol: 'http' },
  's2-api': { from: 's2', to: 'api', protocol: 'tcp' },
  'client-s1': { from: 'client', to: 's1', protocol: 'tcp', port: 80 },
  'client-s2-udp': { from: 'client', to: 's2', protocol: 'udp', port: 80 },
  's1-client-ping': { from: 's1', to: 'client', protocol: 'icmp' },
  's1-s2': { from: 's1', to: 's2', protocol: 'http', port: 80 },
  'client-web-ping': { from: 'client', to: 'web', protocol: 'icmp' },
} as const;

/** Random labs with settings; they shrink toward a usual one-arm lab with a single flow. */
export const generated: fc.Arbitrary<Generated> = fc
  .constantFrom(...(Object.keys(SHAPES) as ShapeName[]))
  .chain((name) => settingsOn(name, SHAPES[name]));

function settingsOn(name: ShapeName, shape: Shape): fc.Arbitrary<Generated> {
  return fc
    .record({
      servers: server(shape.gateways),
      s1: fc.option(fc.record({ gateway: fc.constantFrom(...shape.gateways) }), { freq: 3, nil: {} }),
      s2: mostly({}, [{ listeners: [] }, { listeners: ['80/tcp', '80/udp'] }]),
      client: host,
      l3: fc.tuple(host, mostly('none', ['stateful'])),
      l4: fc.tuple(host, mostly(true, [false]), mostly('none', ['stateful'])),
      vips: fc.shuffledSubarray(shape.vips, { minLength: 2, maxLength: 2 }),
      flows: fc.subarray(Object.keys(FLOWS) as (keyof typeof FLOWS)[], { minLength: 1, maxLength: 6 }),
    })
    .chain((settings) =>
      fc
        .tuple(service(shape, settings.vips[0]!), service(shape, settings.vips[1]!))
        .map(([web, api]) => documents(name, shape, settings, web, api)),
    );
}

interface Settings {
  servers: Record<string, unknown>;
  s1: Record<string, unknown>;
  s2: Record<string, unknown>;
  client: Record<string, unknown>;
  l3: [Record<string, unknown>, string];
  l4: [Record<string, unknown>, boolean, string];
  flows: (keyof typeof FLOWS)[];
}

function documents(
  name: ShapeName,
  shape: Shape,
  settings: Settings,
  web: Record<string, unknown>,
  api: Record<string, unknown>,
): Generated {
  const { servers, s1, s2, client, l3, l4, flows } = settings;
  // A server that speaks up for its VIP is taught and teaches by every health check: then it depends on the moment.
  const checked = servers['arpAnnounce'] === 2;
  const services = Object.fromEntries(
    Object.entries({ web, api }).map(([key, service]) => [
      key,
      {
        ...service,
        ...(checked ? {} : { check: { type: 'none' } }),
        ...(keepsMacSafely(settings) ? {} : { sourceMac: 'rewrite' }),
      },
    ]),
  );
  return {
    shape: name,
    lab: { title: name, nodes: shape.nodes, links: shape.links },
    scenario: {
      title: 'generated',
      lab: name,
      servers,
      nodes: {
        client,
        l3: { ...l3[0], firewall: l3[1] },
        l4: { ...l4[0], vipOwner: l4[1], firewall: l4[2] },
        s1,
        s2,
      },
      services,
      flows: Object.fromEntries(flows.map((flow) => [flow, { ...FLOWS[flow], expect: 'works' }])),
    },
  };
}

/**
 * A wire of a lab is a Docker bridge, which learns MACs as well. Where a kept source MAC comes back to its owner, or the
 * L4 speaks to it itself, that bridge drops frames that a cable would carry.
 */
function keepsMacSafely({ servers, s1, flows }: Settings): boolean {
  const gateways = [servers['gateway'], s1['gateway']];
  const throughL4 = gateways.includes('l4') || gateways.includes('203.0.113.2');
  return servers['forwarding'] === false && !throughL4 && !flows.some((flow) => /^s\d-(web|api)$/.test(flow));
}
