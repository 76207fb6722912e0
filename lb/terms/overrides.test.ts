import type { LbServer } from './config.ts';
import { checkConfig } from '../config/load-config.ts';
import type { Override } from './overrides.ts';
import { formatOverride, override, parseOverride, sortOverrides, withOverrides } from './overrides.ts';

const S1 = { name: 's1', address: '203.0.113.11' };
const config = (...servers: LbServer[]) =>
  checkConfig({ version: 1, services: [{ name: 'web', vip: '203.0.113.80', port: 80, mode: 'dsr', servers }] }).value!;
const drained = override([], 'web', S1, { drain: true });

it.each<[string, LbServer, Partial<LbServer>, Partial<LbServer>]>([
  ['stay over a file that has not changed', S1, { drain: true, weight: 3 }, { drain: true, weight: 3 }],
  ['stay where the file now says in words what it meant', { ...S1, drain: false }, { drain: true }, { drain: true }],
  [
    'stay field by field: the file wins for the one that it changes',
    { ...S1, weight: 2 },
    { drain: true, weight: 3 },
    { drain: true, weight: 2 },
  ],
])('values of the API %s', (_, server, fields, effective) => {
  const { kept, dropped } = sortOverrides(override([], 'web', S1, fields), config(server));
  expect(withOverrides(config(server), kept).services[0]!.servers[0]).toMatchObject(effective);
  expect(dropped).toHaveLength(Object.keys(fields).length - kept.length);
});

it('a changed value in the file wins, and the ended value is reported', () => {
  const { kept, dropped } = sortOverrides(override([], 'web', S1, { weight: 3 }), config({ ...S1, weight: 2 }));
  expect(kept).toEqual([]);
  expect(dropped).toEqual([
    {
      event: 'override-dropped',
      service: 'web',
      server: 's1',
      field: 'weight',
      value: 3,
      reason: 'the configuration now says 2',
    },
  ]);
});

it('a value that the file has too ends silently', () => {
  expect(sortOverrides(drained, config({ ...S1, drain: true }))).toEqual({ kept: [], dropped: [] });
});

it('a removed server with a value is reported', () => {
  const { kept, dropped } = sortOverrides(drained, config({ name: 's2', address: '203.0.113.12' }));
  expect(kept).toEqual([]);
  expect(dropped).toMatchObject([
    { server: 's1', reason: expect.stringContaining('no longer has this server') as string },
  ]);
});

it('a value that is reset ends', () => {
  expect(override(drained, 'web', { ...S1, drain: true }, { drain: false })).toEqual([]);
});

it.each<Override>([
  { service: 'web', server: 's1', field: 'drain', configured: false, value: true },
  { service: 'a-b', server: 'c-9', field: 'drainDeadlineMs', configured: null, value: 0 },
  {
    service: 'a'.repeat(32),
    server: 'b'.repeat(32),
    field: 'drainDeadlineMs',
    configured: 86_400_000,
    value: 3_600_000,
  },
])('%j fits into a comment of nft, and is read back', (one) => {
  expect(formatOverride(one).length).toBeLessThan(128);
  expect(parseOverride(formatOverride(one))).toEqual(one);
});
