import fc from 'fast-check';
import { mostly } from './settings.ts';

/** A name, its DNS server, and what it stands for. */
export interface Name {
  server: string;
  records: 'none' | 'web' | 'both';
}

export const NAME = 'www.example.test';

export const name: fc.Arbitrary<Name> = fc.record({
  server: mostly('s1', ['s2', 'l3', 'l4', 'client']),
  records: mostly<Name['records']>('both', ['web', 'none']),
});

/** @param services by name; a name stands for several only where their callers call one port */
export function nameYaml({ server, records }: Name, services: Record<'web' | 'api', Record<string, unknown>>): unknown {
  const { web, api } = services;
  const agree = (['port', 'protocol'] as const).every((key) => web[key] === api[key]) && web['vip'] !== api['vip'];
  const both = agree ? ['web', 'api'] : ['web'];
  return { [NAME]: { server, records: records === 'none' ? [] : records === 'web' ? ['web'] : both } };
}
