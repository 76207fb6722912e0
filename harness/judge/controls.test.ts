import { flow as flowOf, plan as planOf } from '../model/testing/lab-builder.ts';
import { oneArm, PIP, VIP_A } from '../model/testing/labs.ts';
import type { Expectation } from '../terms/plan.ts';
import { controlsOf } from './controls.ts';

const lab = planOf(oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1', 's2'], proxyIp: PIP } } }));

/** Who calls whom: the address, and its port where it is not asked for an echo. */
function controls(from: string, expect: Expectation): string[] {
  return controlsOf(lab, { ...flowOf(lab, from, 'a'), expect }).map(
    ({ from: asker, to, address, protocol, port }) =>
      `${asker} → ${to ?? 'next hop'} ${protocol === 'icmp' ? address : `${address}:${port}`}`,
  );
}

test('a flow expected to work needs none', () => {
  expect(controls('client', { outcome: 'works' })).toEqual([]);
});

test('the caller reaches its first hop, and a neighbour of each server reaches its listener', () => {
  expect(controls('client', { outcome: 'fails', cause: 'reply-not-from-vip' })).toEqual([
    'client → next hop 198.51.100.1',
    'l4 → s1 203.0.113.11:80',
    'l4 → s2 203.0.113.12:80',
  ]);
});

test('on the segment of the VIP the first hop is the L4 itself', () => {
  expect(controls('s1', { outcome: 'fails', cause: 'reply-not-from-vip' })[0]).toBe('s1 → next hop 203.0.113.2');
});

test('a server expected to refuse must be reachable, without its listener', () => {
  expect(controls('client', { outcome: 'fails', cause: 'refused' })).toEqual([
    'client → next hop 198.51.100.1',
    'l4 → s1 203.0.113.11',
    'l4 → s2 203.0.113.12',
  ]);
});

test('a listener that replies from another address is not called, but its node is', () => {
  const listen = (answersFrom: string) => ({ listeners: [{ listen: '80/udp', answersFrom }] });
  const port = { listeners: [{ listen: '80/udp', answersFromPort: 54 }] };
  const nodes = { s1: listen('203.0.113.31'), s2: listen('203.0.113.12'), b1: port };
  const services = { a: { vip: VIP_A, mode: 'dsr' as const, protocol: 'udp' as const, pool: ['s1', 's2', 'b1'] } };
  const silent = planOf(oneArm({ services, nodes }));
  const expect_: Expectation = { outcome: 'fails', cause: 'reply-not-from-vip' };
  const asked = controlsOf(silent, { ...flowOf(silent, 'client', 'a', 'udp'), expect: expect_ });
  expect(asked.slice(1).map(({ to, protocol }) => `${to} ${protocol}`)).toEqual(['s1 icmp', 's2 udp', 'b1 icmp']);
});

test('a neighbour with a static entry for a server does not call it, another one does', () => {
  const expected: Expectation = { outcome: 'fails', cause: 'stale-neighbour' };
  const misled = structuredClone(lab);
  const l4 = misled.nodes.find(({ name }) => name === 'l4')!;
  l4.neighbours = [{ address: '203.0.113.11', dev: 'l2', mac: '02:00:00:00:00:99' }];
  const asked = controlsOf(misled, { ...flowOf(lab, 'client', 'a'), expect: expected });
  expect(asked.map(({ from, to }) => `${from} → ${to ?? 'next hop'}`)).toEqual([
    'client → next hop',
    'l3 → s1',
    'l4 → s2',
  ]);
});

test('a missing part that is the cause is not called', () => {
  expect(controls('client', { outcome: 'fails', cause: 'no-server-available' })).toEqual([
    'client → next hop 198.51.100.1',
  ]);
});

test('each of several outcomes has the controls of its cause, called once', () => {
  expect(
    controls('client', {
      outcome: 'varies',
      oneOf: [
        { outcome: 'works' },
        { outcome: 'fails', cause: 'no-server-available' },
        { outcome: 'fails', cause: 'reply-not-from-vip' },
        { outcome: 'fails', cause: 'own-address-as-source' },
      ],
    }),
  ).toEqual(['client → next hop 198.51.100.1', 'l4 → s1 203.0.113.11:80', 'l4 → s2 203.0.113.12:80']);
});

test('a control that a filter of the lab stops is omitted', () => {
  const services = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s1', 's2'], proxyIp: PIP } };
  const asked = (node: string, rule: object): string[] => {
    const filter = [{ drop: rule }];
    const filtered = planOf(oneArm({ services, nodes: { [node]: { filter } } }));
    const flow = flowOf(filtered, 'client', 'a');
    return controlsOf(filtered, { ...flow, expect: { outcome: 'fails', cause: 'filtered' } }).map(
      ({ from, to }) => `${from} → ${to ?? 'next hop'}`,
    );
  };
  expect(asked('s1', { protocol: 'tcp', from: 'client' })).toEqual(['client → next hop', 'l4 → s1', 'l4 → s2']);
  expect(asked('s1', { protocol: 'tcp', port: 80 })).toEqual(['client → next hop', 'l4 → s2']);
  expect(asked('l3', { protocol: 'icmp', type: 'echo-request' })).toEqual(['l4 → s1', 'l4 → s2']);
  expect(asked('client', { protocol: 'icmp', type: 'echo-reply' })).toEqual(['l4 → s1', 'l4 → s2']);
});

test('a call by name needs its DNS server and every address that it may call', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'proxy', pool: ['s1'], proxyIp: PIP } } });
  const dns = { ...sketch.nodes['s2']!, listeners: ['53/udp'] };
  const names = { 'www.example.test': { server: 's2', records: ['a'] } };
  const named = planOf({ ...sketch, nodes: { ...sketch.nodes, s2: dns }, names });
  const flow = flowOf(named, 'client', 'www.example.test');
  const asked = controlsOf(named, { ...flow, expect: { outcome: 'fails', cause: 'reply-not-from-vip' } });
  expect(asked.map(({ from, to, protocol, port }) => `${from} → ${to ?? 'next hop'} ${protocol} ${port}`)).toEqual([
    'client → next hop icmp 0',
    'l3 → s2 udp 53',
    'l4 → s1 http 80',
  ]);
});
