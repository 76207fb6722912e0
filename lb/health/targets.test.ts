import { lbConfigSchema } from '../terms/config.ts';
import { splitServices } from '../terms/split-services.ts';
import { CheckTargets } from './targets.ts';

function config(...services: Record<string, unknown>[]) {
  const servers = [{ name: 's1', address: '203.0.113.11' }];
  return splitServices(
    lbConfigSchema.parse({
      version: 1,
      services: services.map((fields, i) => ({
        name: `service-${i}`,
        vip: '203.0.113.80',
        port: 80 + i,
        check: { type: 'tcp' },
        servers,
        ...fields,
      })),
    }),
  );
}

function keys(...services: Record<string, unknown>[]): number {
  return new Set(new CheckTargets().all(config(...services)).map(({ key }) => key)).size;
}

it.each([
  ['one port of a server is asked once, whatever the VIPs', 'proxy', 'tcp', { vip: '203.0.113.81', port: 80 }, 1],
  ['HTTP asks for each VIP', 'proxy', 'http', { vip: '203.0.113.81', port: 80 }, 2],
  ['an echo is asked once for all ports', 'proxy', 'icmp', { port: 81 }, 1],
  ['ports are asked one by one', 'dnat', 'tcp', { port: 81 }, 2],
  ['dsr asks for each VIP at the server', 'dsr', 'tcp', { vip: '203.0.113.81', port: 80 }, 2],
  ['an echo to a VIP is asked once for all ports', 'dsr', 'icmp', { port: 81 }, 1],
])('%s', (_, mode, type, second, asked) => {
  expect(keys({ mode, check: { type } }, { mode, check: { type }, ...second })).toBe(asked);
});

it.each([
  ['the port of the service', 'dnat', {}, 80],
  ['the port that the check names', 'dnat', { port: 9090 }, 9090],
  ['a port that stands for the VIP', 'dsr', { port: 9090 }, 60_000],
  ['the port of the service, where the own address is checked', 'dsr', { target: 'server' }, 80],
])('a server is checked at %s', (_, mode, check, port) => {
  const [target] = new CheckTargets().all(config({ mode, check: { type: 'tcp', ...check } }));
  expect(target!.port).toBe(port);
});

it('ports of removed services are used again, so that reloads do not exhaust them', () => {
  const targets = new CheckTargets();
  const seen = new Set<number>();
  for (let i = 0; i < 100; i++) {
    const next = config({ mode: 'dsr', port: 1000 + i }, { mode: 'dsr', port: 2000 });
    for (const { port } of targets.all(next)) seen.add(port);
    targets.release(next);
  }
  expect(seen.size).toBeLessThanOrEqual(3);
});
