import type { NamePlan } from '../terms/plan.ts';
import { nameAnswer, knotConfig, serveNames, sources, zone } from './name-server.ts';

const [A, B] = ['203.0.113.80', '203.0.113.81'];

function named(fields: Partial<NamePlan>): NamePlan {
  const records = [
    { address: A, service: 'web-a' },
    { address: B, service: 'web-b' },
  ];
  return { name: 'www.example.test', policy: 'round-robin', onlyHealthy: false, ttlS: 30, records, ...fields };
}

test.each<[string, Partial<NamePlan>, string[], string[]]>([
  ['plain DNS answers with a service that is down as well', {}, ['web-a'], [A, B]],
  ['where it goes by checks, it does not', { onlyHealthy: true }, ['web-a'], [B]],
  ['failover: the first', { onlyHealthy: true, policy: 'failover' }, [], [A]],
  ['failover: the first that is up', { onlyHealthy: true, policy: 'failover' }, ['web-a'], [B]],
  ['all are down', { onlyHealthy: true, policy: 'failover' }, ['web-a', 'web-b'], []],
])('%s', (_, fields, down, expected) => {
  expect(nameAnswer(named(fields), down).toOthers).toEqual(expected);
});

test('answers have the TTL of the name', () => {
  expect(zone(nameAnswer(named({ ttlS: 300 }), []))).toContain(`@ 300 A ${A}\n`);
});

test('by-source: a network has its own record, all others get the rest', () => {
  const records = [
    { address: A, service: 'web-a', from: ['198.51.100.0/25', '192.0.2.0/24'] },
    { address: B, service: 'web-b' },
  ];
  const answer = nameAnswer(named({ policy: 'by-source', records }), []);
  expect(zone(answer)).toBe(`@ 30 SOA . . 1 3600 900 604800 30\n@ 30 NS .\n@ 30 A ${B}\n`);
  expect(sources(answer)).toBe(
    `www.example.test.:\n  - net: 198.51.100.0/25\n    A: ${A}\n  - net: 192.0.2.0/24\n    A: ${A}\n`,
  );
  const config = knotConfig([answer], ['192.0.2.53'], '/run/names');
  expect(config).toContain(
    '  - id: www.example.test\n    config-file: /run/names/www.example.test.sources\n    mode: subnet\n',
  );
  expect(config).toContain('    file: www.example.test.zone\n    module: mod-geoip/www.example.test\n');
});

test('the DNS server listens only on addresses of its node, and rotates records', () => {
  const six = named({ name: 'six.example.test', records: [{ address: '2001:db8::80', service: null }] });
  const answers = [nameAnswer(named({}), []), nameAnswer(six, [])];
  const config = knotConfig(answers, ['192.0.2.53', '2001:db8::53'], '/run/names');
  expect(config).toContain('listen: [ 192.0.2.53@53, 2001:db8::53@53 ]');
  expect(config).toContain('answer-rotation: on');
  expect(config).not.toContain('geoip');
  expect(answers.map(zone)).toEqual([
    `@ 30 SOA . . 1 3600 900 604800 30\n@ 30 NS .\n@ 30 A ${A}\n@ 30 A ${B}\n`,
    '@ 30 SOA . . 1 3600 900 604800 30\n@ 30 NS .\n@ 30 AAAA 2001:db8::80\n',
  ]);
});

test('a node without an address runs no DNS server', async () => {
  const log: string[] = [];
  const listening = await serveNames([nameAnswer(named({}), [])], [], (line) => log.push(line));
  await listening.close();
  expect(log).toEqual([]);
});
