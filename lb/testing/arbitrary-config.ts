import fc from 'fast-check';
import { lbConfigSchema } from '../terms/config.ts';
import { splitServices } from '../terms/split-services.ts';
import type { LbConfig } from '../terms/config.ts';
import { isDirect, type Mode } from '../terms/mode.ts';

const SERVERS = ['s1', 's2', 's3', 's4'];

/** Services of a VIP with DSCP value all have one, and a VIP with tunnels has no other direct modes. */
const VIPS: { [M in Mode]?: Record<string, string> } = { l3dsr: { 80: '82', 81: '83' }, ipip: { 80: '84', 81: '85' } };

const check = fc.oneof(
  fc.constant({ type: 'none' }),
  fc.record(
    {
      type: fc.constantFrom('tcp', 'http', 'icmp'),
      intervalMs: fc.integer({ min: 50, max: 5000 }),
      port: fc.constant(9090),
      target: fc.constantFrom('vip', 'server'),
    },
    { requiredKeys: ['type', 'intervalMs'] },
  ),
);

/** Without fields that its type or its service's mode does not support. */
function supportedBy(mode: Mode, { port, target, ...how }: { type: string; port?: number; target?: string }) {
  return {
    ...how,
    ...(port === undefined || how.type === 'icmp' ? {} : { port }),
    ...(target === undefined || (mode !== 'dsr' && mode !== 'l3dsr') ? {} : { target }),
  };
}

function service(version: 4 | 6, index: number) {
  const lans = { 4: '203.0.113.', 6: '2001:db8::' };
  const lan = lans[version];
  return fc
    .record({
      mode: fc.constantFrom<Mode[]>('dnat', 'proxy', 'dsr', 'l3dsr', 'ipip'),
      protocol: fc.constantFrom('tcp', 'udp'),
      vip: fc.constantFrom('80', '81'),
      port: fc.constantFrom(80, 443),
      scheduler: fc.constantFrom('round-robin', 'random', 'source-hash', 'least-connections'),
      sticky: fc.boolean(),
      keep: fc.boolean(),
      ports: fc.constantFrom(undefined, '40000-40999'),
      ownCalls: fc.boolean(),
      outer: fc.constantFrom<(4 | 6)[]>(4, 6),
      mssClamp: fc.constantFrom(undefined, 'auto' as const, 1200),
      pool: fc.constantFrom(undefined, 'auto', `${lan}90`, [`${lan}90`, `${lan}91`]),
      names: fc.subarray(SERVERS, { minLength: 1 }),
      weights: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
      drains: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      check,
    })
    .map(({ mode, protocol, vip, port, scheduler, names, weights, drains, check: how, ...fields }) => ({
      name: `service-${index}`,
      // Never two services with the same VIP and port.
      vip: `${lan}${VIPS[mode]?.[vip] ?? vip}`,
      port: port + index,
      protocol,
      mode,
      scheduler,
      ...(fields.sticky ? { persistence: { timeoutMs: 60_000 } } : {}),
      ...(mode === 'proxy' && fields.pool !== undefined ? { proxyIp: fields.pool } : {}),
      ...(mode === 'proxy' && fields.ports !== undefined ? { proxyPorts: fields.ports } : {}),
      ...(mode === 'dsr' && fields.keep ? { sourceMac: 'keep' } : {}),
      ...(mode === 'l3dsr' ? { dscp: (Number(vip) % 10) + version } : {}),
      ...(fields.ownCalls && !isDirect({ mode }) ? { ownCalls: true } : {}),
      ...(fields.mssClamp !== undefined && protocol === 'tcp' ? { mssClamp: fields.mssClamp } : {}),
      check: supportedBy(mode, how),
      servers: names.map((name, i) => ({
        name,
        address: `${mode === 'ipip' ? lans[fields.outer] : lan}${10 + SERVERS.indexOf(name)}`,
        ...(isDirect({ mode }) ? {} : { port: 8080 }),
        weight: weights[i],
        drain: drains[i],
      })),
    }));
}

/**
 * Valid configurations of up to four services, of both families, in a lab where 203.0.113.0/24 and 2001:db8::/64 are
 * on-link.
 */
export const validConfig: fc.Arbitrary<LbConfig> = fc
  .record({
    vipOwner: fc.constantFrom<LbConfig['vipOwner'][]>(true, false, 'external'),
    countPackets: fc.boolean(),
    services: fc
      .tuple(service(4, 0), service(4, 1), service(6, 2), service(6, 3))
      .chain((services) => fc.subarray(services, { minLength: 0 })),
  })
  .map(({ services, ...fields }) => {
    const own = services.map(({ ownCalls, ...service }) => (fields.vipOwner ? { ...service, ownCalls } : service));
    return splitServices(lbConfigSchema.parse({ version: 1, ...fields, services: own }));
  });

/** Addresses that no service and no server can have. */
const SPECIAL_ADDRESS = fc.constantFrom('0.0.0.0', '127.0.0.1', '224.0.0.1', '255.255.255.255', '::', '::1', 'ff02::1');
const junk = fc.oneof(fc.anything(), fc.ipV4(), fc.ipV6(), SPECIAL_ADDRESS, fc.integer());

/** Configurations with one value replaced by anything, or removed. */
export function corrupted(sound: fc.Arbitrary<LbConfig>): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(sound, junk, fc.nat(), fc.boolean()).map(([config, value, where, remove]) => {
    const copy = structuredClone(config) as unknown as Record<string, unknown>;
    const places: [Record<string, unknown>, string][] = [];
    const walk = (node: unknown) => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        places.push([node as Record<string, unknown>, key]);
        walk((node as Record<string, unknown>)[key]);
      }
    };
    walk(copy);
    const [parent, key] = places[where % places.length]!;
    if (remove) Reflect.deleteProperty(parent, key);
    else parent[key] = value;
    return copy;
  });
}
