import { knotConfig, serveNames, zone } from './name-server.ts';

const names = [
  { name: 'www.example.test', addresses: ['203.0.113.80', '203.0.113.81'] },
  { name: 'none.example.test', addresses: [] },
];

test('each name is a zone of its own, with a record for each address', () => {
  expect(names.map(zone)).toEqual([
    '@ 30 SOA . . 1 3600 900 604800 30\n@ 30 NS .\n@ 30 A 203.0.113.80\n@ 30 A 203.0.113.81\n',
    '@ 30 SOA . . 1 3600 900 604800 30\n@ 30 NS .\n',
  ]);
  expect(zone({ name: 'six.example.test', addresses: ['2001:db8::80'] })).toContain('@ 30 AAAA 2001:db8::80');
});

test('the DNS server listens at the addresses of its node alone, and goes round by the records', () => {
  const config = knotConfig(names, ['192.0.2.53', '2001:db8::53'], '/run/names');
  expect(config).toContain('listen: [ 192.0.2.53@53, 2001:db8::53@53 ]');
  expect(config).toContain('answer-rotation: on');
  expect(config).toContain('  - domain: www.example.test.\n    file: www.example.test.zone\n');
});

test('a node without an address to listen at runs no DNS server', async () => {
  const log: string[] = [];
  const listening = await serveNames(names, [], (line) => log.push(line));
  await listening.close();
  expect(log).toEqual([]);
});
