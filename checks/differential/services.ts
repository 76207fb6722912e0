import fc from 'fast-check';
import { PROFILES } from '../../harness/scenario/profiles.ts';
import { PROFILE_NAMES, type ProfileName } from '../../harness/terms/profile-name.ts';
import { mostly } from './settings.ts';

/** A service; where it stands depends on the lab. */
export interface Service {
  /** Index into the places for VIPs. */
  vip: number;
  protocol: 'tcp' | 'udp';
  pool: string[];
  /** Whether servers listen at another port; modes that rewrite no port know none. */
  otherPort: boolean;
  check: Check;
  scheduler: string;
  /** A product that it is like; null for none. */
  like: ProfileName | null;
  mode: 'dnat' | 'proxy' | 'dsr' | 'l3dsr' | 'ipip';
  /** Of mode proxy: the address of the outgoing interface, one address, a pool. */
  proxyIp: 'auto' | 'one' | 'pool';
  /** The same: as many as no lab needs, or one; null for any. */
  proxyPorts: string | null;
  /** Of modes dnat and proxy. */
  ownCalls: boolean;
  /** Of TCP. */
  mssClamp: 'auto' | number | null;
  /** Of mode dsr. */
  sourceMac: 'rewrite' | 'keep';
}

/** A check; its source stands for an address that depends on the lab. */
interface Check {
  type: 'none' | 'tcp';
  /** Of modes that serve directly. */
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

/** A service in the way of the product that it is like. */
export function asProduct(service: Service): Service {
  if (service.like === null) return service;
  // One product is set up another way for UDP.
  const like = service.protocol === 'udp' && service.like === 'aws-nlb-no-client-ip' ? 'aws-nlb' : service.like;
  const mode = PROFILES[like].rules.flatMap(({ sets }) => sets?.service?.mode ?? [])[0]!;
  return { ...service, like, mode, proxyIp: 'auto', proxyPorts: null };
}

/** The service as YAML would say it, without the settings that its mode does not know. */
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
  places: { vips: string[]; proxyIps: string[]; ownsVips: boolean },
): Record<string, unknown> {
  const proxyIps = { auto: 'auto', one: places.proxyIps[0], pool: places.proxyIps };
  const sources = {
    vip: places.ownsVips ? places.vips[vip] : undefined,
    'proxy-ip': mode === 'proxy' && proxyIp !== 'auto' ? places.proxyIps[0] : undefined,
  };
  const common = {
    vip: places.vips[vip],
    port,
    protocol,
    pool: otherPort && (mode === 'dnat' || mode === 'proxy') ? pool.map((node) => ({ node, port: 8080 })) : pool,
    // A check by TCP tells nothing about a listener of UDP.
    check: protocol === 'udp' ? { type: 'none' } : checkYaml(check, mode, sources),
  };
  if (like !== null) return { ...common, like, ...(places.ownsVips ? {} : { ownCalls: false }) };
  return {
    ...common,
    scheduler,
    mode,
    ...(mode === 'proxy' ? { proxyIp: proxyIps[proxyIp] } : {}),
    ...(mode === 'proxy' && proxyPorts !== null ? { proxyPorts } : {}),
    // Not where a capture could not tell the calls apart.
    ...((mode === 'dnat' || (mode === 'proxy' && proxyPorts === null)) && ownCalls && places.ownsVips
      ? { ownCalls }
      : {}),
    ...(protocol === 'tcp' && mssClamp !== null ? { mssClamp } : {}),
    ...(mode === 'dsr' ? { sourceMac } : {}),
    // One VIP, one value.
    ...(mode === 'l3dsr' ? { dscp: 11 + vip } : {}),
  };
}

/** @param sources addresses that the L4 has; undefined where it has none such */
function checkYaml(
  { target, source, ...check }: Check,
  mode: Service['mode'],
  sources: Record<'vip' | 'proxy-ip', string | undefined>,
): Record<string, unknown> {
  const asksForVip = mode === 'dsr' || mode === 'l3dsr';
  // Servers have the VIP themselves: a check cannot come from there.
  const isHeld = asksForVip || mode === 'ipip';
  const from = source === undefined || (source === 'vip' && isHeld) ? undefined : sources[source];
  return {
    ...check,
    ...(target === undefined || !asksForVip ? {} : { target }),
    ...(from === undefined ? {} : { source: from }),
  };
}
