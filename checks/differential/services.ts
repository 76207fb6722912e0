import fc from 'fast-check';
import { PROFILES } from '../../harness/scenario/profiles/profiles.ts';
import { PROFILE_NAMES, type ProfileName } from '../../harness/terms/profile-name.ts';
import { mostly } from './settings.ts';

/** A service; its addresses depend on the lab. */
export interface Service {
  /** Index into the places for VIPs. */
  vip: number;
  protocol: 'tcp' | 'udp';
  pool: string[];
  /** Whether servers listen on another port; only in modes that rewrite ports. */
  otherPort: boolean;
  check: Check;
  scheduler: string;
  /** Its profile; null for none. */
  like: ProfileName | null;
  mode: 'dnat' | 'proxy' | 'dsr' | 'l3dsr' | 'ipip';
  /** proxy: the address of the outgoing interface, one address, or a pool. */
  proxyIp: 'auto' | 'one' | 'pool';
  /** proxy: more ports than any lab needs, or one; null for any. */
  proxyPorts: string | null;
  /** dnat and proxy. */
  ownCalls: boolean;
  /** tcp. */
  mssClamp: 'auto' | number | null;
  /** dsr. */
  sourceMac: 'rewrite' | 'keep';
}

/** A check; the address of its source depends on the lab. */
interface Check {
  type: 'none' | 'tcp';
  /** Modes with direct replies. */
  target?: 'server';
  port?: number;
  source?: 'vip' | 'proxy-ip';
}

export const service: fc.Arbitrary<Service> = fc.record({
  vip: fc.nat(2),
  protocol: mostly<'tcp' | 'udp'>('tcp', ['udp']),
  pool: fc.subarray(['s1', 's2'], { minLength: 1 }),
  otherPort: mostly(false, [true]),
  check: mostly<Check>({ type: 'none' }, [
    { type: 'tcp' },
    { type: 'tcp' },
    { type: 'tcp', target: 'server' },
    { type: 'tcp', port: 8080 },
    { type: 'tcp', source: 'vip' },
    { type: 'tcp', source: 'proxy-ip', target: 'server' },
  ]),
  scheduler: mostly('round-robin', ['random', 'source-hash']),
  like: mostly<ProfileName | null>(null, PROFILE_NAMES, 5),
  mode: fc.constantFrom<Service['mode'][]>('dsr', 'proxy', 'dnat', 'l3dsr', 'ipip'),
  proxyIp: fc.constantFrom<Service['proxyIp'][]>('auto', 'one', 'pool'),
  proxyPorts: mostly<string | null>(null, ['40000-40099', '40000-40000'], 2),
  ownCalls: fc.boolean(),
  mssClamp: mostly<Service['mssClamp']>(null, ['auto', 1200, 1400], 3),
  sourceMac: mostly<Service['sourceMac']>('rewrite', ['keep']),
});

/** A service as its profile requires it. */
export function asProduct(service: Service): Service {
  if (service.like === null) return service;
  // One product needs another profile for UDP.
  const like = service.protocol === 'udp' && service.like === 'aws-nlb-no-client-ip' ? 'aws-nlb' : service.like;
  const mode = PROFILES[like].rules.flatMap(({ sets }) => sets?.service?.mode ?? [])[0]!;
  return { ...service, like, mode, proxyIp: 'auto', proxyPorts: null };
}

/**
 * The service as in YAML, without settings that its mode does not have.
 * @param places `serves`: whether the L4 is in the pool as well, in modes that can deliver to it
 */
export function serviceYaml(
  {
    vip,
    protocol,
    pool,
    otherPort,
    check,
    scheduler,
    like,
    mode,
    proxyIp,
    proxyPorts,
    ownCalls,
    mssClamp,
    sourceMac,
  }: Service,
  port: number,
  places: { vips: string[]; proxyIps: string[]; ownsVips: boolean; serves: boolean },
): Record<string, unknown> {
  const translates = mode === 'dnat' || mode === 'proxy';
  const servers = translates && places.serves ? [...pool, 'l4'] : pool;
  const proxyIps = { auto: 'auto', one: places.proxyIps[0], pool: places.proxyIps };
  const sources = {
    vip: places.ownsVips ? places.vips[vip] : undefined,
    'proxy-ip': mode === 'proxy' && proxyIp !== 'auto' ? places.proxyIps[0] : undefined,
  };
  const common = {
    vip: places.vips[vip],
    port,
    protocol,
    pool: otherPort && translates ? servers.map((node) => ({ node, port: 8080 })) : servers,
    // A TCP check says nothing about a UDP listener.
    check: protocol === 'udp' ? { type: 'none' } : checkYaml(check, mode, sources),
  };
  if (like !== null) return { ...common, like, ...(places.ownsVips ? {} : { ownCalls: false }) };
  return {
    ...common,
    scheduler,
    mode,
    ...(mode === 'proxy' ? { proxyIp: proxyIps[proxyIp] } : {}),
    ...(mode === 'proxy' && proxyPorts !== null ? { proxyPorts } : {}),
    // Not if captures could not distinguish the calls.
    ...((mode === 'dnat' || (mode === 'proxy' && proxyPorts === null)) && ownCalls && places.ownsVips
      ? { ownCalls }
      : {}),
    ...(protocol === 'tcp' && mssClamp !== null ? { mssClamp } : {}),
    ...(mode === 'dsr' ? { sourceMac } : {}),
    // One value per VIP.
    ...(mode === 'l3dsr' ? { dscp: 11 + vip } : {}),
  };
}

/** @param sources addresses of the L4; undefined if it has none of that kind */
function checkYaml(
  { target, source, ...check }: Check,
  mode: Service['mode'],
  sources: Record<'vip' | 'proxy-ip', string | undefined>,
): Record<string, unknown> {
  const asksForVip = mode === 'dsr' || mode === 'l3dsr';
  // Servers hold the VIP themselves, so a check cannot come from it.
  const isHeld = asksForVip || mode === 'ipip';
  const from = source === undefined || (source === 'vip' && isHeld) ? undefined : sources[source];
  return {
    ...check,
    ...(target === undefined || !asksForVip ? {} : { target }),
    ...(from === undefined ? {} : { source: from }),
  };
}
