import type { FlowResult } from '../judge/results.ts';
import type { Prediction } from '../model/walk.ts';
import type { Sighting } from '../observe/sighting.ts';
import type { Plan } from '../scenario/plan.ts';
import { resolvePlan } from '../scenario/resolve.ts';
import { sysctls } from '../scenario/sysctls.ts';
import { limitOf } from './limits.ts';
import { load } from './load.ts';
import { wire } from './wiring.ts';

function plan(
  servers: Record<string, unknown>,
  check: string,
  wiring = wire({ l4: 'one-arm', routers: 'one', servers: 'near' }),
): Plan {
  const scenario = {
    title: '',
    lab: 'one-arm',
    servers,
    services: { web: { vip: '203.0.113.80', port: 80, mode: 'dsr', pool: ['s1'], check: { type: check } } },
    flows: { call: { from: 'client', to: 'web', expect: 'works' } },
  };
  const loaded = load('sample', { lab: { title: '', nodes: wiring.nodes, links: wiring.links }, scenario });
  return resolvePlan(loaded.scenario, loaded.scenario.variants[0]!);
}

function seen(...frames: [node: string, iface: string, direction: 'in' | 'out', srcMac: string, dstMac: string][]) {
  const packets = frames.map(([node, iface, direction, srcMac, dstMac], time): Sighting => ({
    node,
    iface,
    direction,
    time,
    frame: { srcMac, dstMac, length: 60 },
  }));
  return { attempts: [{ packets }], predicted: [] as Prediction[] } as FlowResult;
}

describe('wire-learns-macs', () => {
  const quiet = plan({}, 'none');
  const [kept, other] = ['02:00:00:00:00:01', '02:00:00:00:00:02'];

  test('a frame for a MAC that its sender had shown as source never came out of the wire', () => {
    const eaten = seen(
      ['l4', 'l2', 'out', kept, other],
      ['l2', 'l4', 'in', kept, other],
      ['l4', 'l2', 'out', other, kept],
    );
    expect(limitOf(eaten, quiet)).toBe('wire-learns-macs');
  });

  test('not where it did come out', () => {
    const passed = seen(
      ['l4', 'l2', 'out', kept, other],
      ['l2', 'l4', 'in', kept, other],
      ['l4', 'l2', 'out', other, kept],
      ['l2', 'l4', 'in', other, kept],
    );
    expect(limitOf(passed, quiet)).toBeNull();
  });

  test('not where the wire lost a frame for somebody else', () => {
    expect(limitOf(seen(['l4', 'l2', 'out', kept, other]), quiet)).toBeNull();
  });
});

test('checks-teach-neighbours: health checks of servers that speak up for their VIP', () => {
  const speaksUp = { loopback: ['web'], arpAnnounce: 0 };
  expect(limitOf(seen(), plan(speaksUp, 'tcp'))).toBe('checks-teach-neighbours');
  expect(limitOf(seen(), plan(speaksUp, 'none'))).toBeNull();
  expect(limitOf(seen(), plan({ loopback: ['web'], arpAnnounce: 2 }, 'tcp'))).toBeNull();
});

test('mac-to-itself: a frame that is to go to the MAC that it comes from', () => {
  const mac = '02:00:00:00:00:01';
  const predicted = [{ request: [{ src: { mac }, dst: { mac } }] }] as Prediction[];
  expect(limitOf({ ...seen(), predicted }, plan({}, 'none'))).toBe('mac-to-itself');
});

test('dsr-out-of-reach: an L4 that cannot reach a server of a dsr service', () => {
  const far = wire({ l4: 'one-arm', routers: 'one', servers: 'far' });
  expect(limitOf(seen(), plan({}, 'none', far))).toBeNull();
  const nodes = { ...far.nodes, l4: { role: 'l4' } };
  expect(limitOf(seen(), plan({}, 'none', { ...far, nodes }))).toBe('dsr-out-of-reach');
});

test('ipv6-redirects: a node of an IPv6 lab that accepts them', () => {
  const accepts = { nodes: [{ sysctls: sysctls('server', { acceptRedirects: true }, ['l2'], true) }] };
  const ignores = { nodes: [{ sysctls: sysctls('server', { acceptRedirects: false }, ['l2'], true) }] };
  const bare = { links: [], loopback: [], interfaces: [], routes: [], lb: null };
  const asPlan = ({ nodes }: typeof accepts): Plan =>
    ({ ...bare, nodes: nodes.map((node) => ({ ...bare, ...node })) }) as unknown as Plan;
  expect(limitOf(seen(), asPlan(accepts))).toBe('ipv6-redirects');
  expect(limitOf(seen(), asPlan(ignores))).toBeNull();
});
