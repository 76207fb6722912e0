import { readFile } from 'node:fs/promises';
import { lbConfigSchema } from '../terms/config.ts';
import type { HostFacts } from '../terms/facts.ts';
import { render } from './render.ts';
import { formatTable } from './ruleset.ts';

const SERVERS = [
  { name: 's1', address: '203.0.113.11' },
  { name: 's2', address: '203.0.113.12', weight: 2 },
];

const FACTS: HostFacts = {
  interfaces: [
    {
      name: 'l3',
      index: 2,
      mac: '02:00:00:00:00:02',
      master: null,
      addresses: [{ address: '198.51.100.2', prefix: 24 }],
    },
    {
      name: 'sw',
      index: 3,
      mac: '02:00:00:00:00:03',
      master: null,
      addresses: [{ address: '203.0.113.2', prefix: 24 }],
    },
  ],
  routes: [],
};

/** Rules are read by people who look for a mistake: golden/ holds them as they are meant to be. */
it.each<[string, object, object?]>([
  ['proxy', { mode: 'proxy', proxyIp: '203.0.113.254' }],
  ['dsr', { mode: 'dsr', check: { type: 'http' } }],
  ['dsr-in-line', { mode: 'dsr' }, { vipOwner: false }],
])('%s is rendered as in its golden file', async (name, fields, root = {}) => {
  const config = lbConfigSchema.parse({
    version: 1,
    ...root,
    services: [{ name: 'web', vip: '203.0.113.80', port: 80, servers: SERVERS, ...fields }],
  });
  const tables = render(
    {
      config,
      facts: FACTS,
      roleOf: () => 'new',
      flowsOf: () => 0,
      isSettled: () => true,
      macOf: () => null,
      checkPortOf: ({ check }) => (check.type === 'http' ? 60_000 : null),
      uid: 0,
    },
    config.vipOwner ? [{ kind: 'address', address: '203.0.113.80', dev: 'sw' }] : [],
  );
  const golden = await readFile(new URL(`./golden/${name}.nft`, import.meta.url), 'utf8');
  expect(tables.map(formatTable).join('\n')).toBe(golden);
});
