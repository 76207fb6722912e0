import fc from 'fast-check';
import { mostly } from './settings.ts';

type Settings = Record<string, unknown>;

/** A name, its DNS server, and its records. */
export interface Name {
  server: string;
  /** `node`: the address of a server. */
  records: 'none' | 'web' | 'both' | 'node';
  policy: 'round-robin' | 'failover' | 'by-source';
  onlyHealthy: boolean;
  /** Network of the callers of `web` (by-source). */
  from: string;
  /** Whether callers have a cached answer, and whether it is younger or older than its TTL. */
  cached: 'none' | 'younger' | 'older';
  /** Time to live of answers, seconds. */
  ttlS: number;
}

export const NAME = 'www.example.test';

export const name: fc.Arbitrary<Name> = fc.record({
  server: mostly('s1', ['s2', 'l3', 'l4', 'client']),
  records: mostly<Name['records']>('both', ['web', 'none', 'node'], 3),
  policy: mostly<Name['policy']>('round-robin', ['failover', 'by-source'], 2),
  onlyHealthy: mostly(false, [true], 2),
  cached: mostly<Name['cached']>('none', ['younger', 'older']),
  ttlS: mostly(30, [2, 3600]),
  from: mostly('198.51.100.0/26', ['203.0.113.0/25']),
});

/**
 * @param services by name; a name has several as records only if they have the same port
 * @param node address of a server
 */
export function nameYaml(name: Name, services: Record<'web' | 'api', Settings>, node: string): unknown {
  const { web, api } = services;
  const agree = (['port', 'protocol'] as const).every((key) => web[key] === api[key]) && web['vip'] !== api['vip'];
  const both = agree ? ['web', 'api'] : ['web'];
  const records = { none: [], node: [node], web: ['web'], both }[name.records];
  return { [NAME]: { server: name.server, ttl: `${name.ttlS}s`, ...policyYaml(name, records, services) } };
}

/** A cached answer. @param node address of a server */
export function cachedYaml({ cached, records, ttlS }: Name, node: string): Settings {
  if (cached === 'none' || records === 'none') return {};
  const record = records === 'node' ? node : 'web';
  return { cachedAnswer: { record, age: `${cached === 'younger' ? ttlS - 1 : ttlS}s` } };
}

/** A policy, if it has an effect on these records. */
function policyYaml(
  { policy, onlyHealthy, from }: Name,
  records: string[],
  services: Record<string, Settings>,
): Settings {
  const isChecked = (record = ''): boolean => {
    const { type } = (services[record]?.['check'] ?? { type: 'none' }) as { type: string };
    return type !== 'none';
  };
  if (policy === 'failover' && isChecked(records[0]) && records.length > 1) return { policy, records };
  const health = onlyHealthy && records.some((record) => isChecked(record)) ? { onlyHealthy } : {};
  if (policy !== 'by-source' || records.length === 0) return { ...health, records };
  const [first, ...others] = records;
  return { policy, ...health, records: [{ to: first, from }, ...others] };
}
