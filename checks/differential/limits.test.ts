import type { FlowResult } from '../../harness/terms/results.ts';
import type { Prediction } from '../../harness/terms/walk.ts';
import type { Sighting } from '../../harness/terms/sighting.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import { segment } from '../../harness/judge/testing/evidence.ts';
import { resolvePlan } from '../../harness/scenario/resolve/resolve.ts';
import { limitOf } from './limits.ts';
import { load } from './load.ts';
import { wire } from './wiring.ts';

function oneArm(servers: Record<string, unknown> = {}, check = 'tcp'): Plan {
  const { nodes, links } = wire({ l4: 'one-arm', routers: 'one', servers: 'near', double: 'none' });
  const services = { web: { vip: '203.0.113.80', port: 80, mode: 'dsr', pool: ['s1'], check: { type: check } } };
  const flows = { call: { from: 'client', to: 'web', expect: 'works' } };
  const loaded = load('sample', {
    lab: { title: 'Sample', nodes, links },
    scenario: { title: 'Sample', lab: 'one-arm', servers, services, flows },
  });
  return resolvePlan(loaded.scenario, loaded.scenario.variants[0]!);
}

describe('check-in-between', () => {
  const lab = oneArm({ loopback: ['web'], arpAnnounce: 0 });
  const request = (node: string, senderIp: string, targetIp: string): Sighting => {
    const arp = { op: 'request' as const, senderMac: '', senderIp, targetIp };
    const frame = { srcMac: '02:00:00:00:00:01', dstMac: '02:00:00:00:00:02', length: 60, arp };
    return { node, iface: 'l2', direction: 'out', time: 1, frame };
  };
  const answer = (node: string, senderIp: string): Sighting => {
    const arp = { op: 'reply' as const, senderMac: '', senderIp, targetIp: '198.51.100.1' };
    return { ...request(node, '', ''), direction: 'in', frame: { ...request(node, '', '').frame, arp } };
  };
  const flowOf = (packets: Sighting[]): FlowResult =>
    ({ attempts: [{ packets }], predicted: [] as Prediction[] }) as unknown as FlowResult;
  const asks = (senderIp: string): FlowResult => flowOf([request('s1', senderIp, '203.0.113.2')]);

  test('a server asks with a VIP as sender without having received a packet of the flow', () => {
    expect(limitOf(asks('203.0.113.80'), lab)).toBe('check-in-between');
  });

  test('not if it asks with its own address', () => {
    expect(limitOf(asks('203.0.113.11'), lab)).toBeNull();
  });

  test('not if a packet of the flow caused the request', () => {
    const flow = asks('203.0.113.80');
    const ip = { version: 4 as const, src: '198.51.100.10', dst: '203.0.113.80', ttl: 62, protocol: 6, id: 0, dscp: 0 };
    const frame = { srcMac: '02:00:00:00:00:01', dstMac: '02:00:00:00:00:02', length: 60, ip };
    flow.attempts[0]!.packets.unshift({ node: 's1', iface: 'l2', direction: 'in', time: 0, frame });
    expect(limitOf(flow, lab)).toBeNull();
  });

  test('after an unanswered request for its own packet, a node asks for the same neighbour with another sender', () => {
    const names = ['198.51.100.1', '203.0.113.1'].map((name) => request('l3', name, '203.0.113.11'));
    expect(limitOf(flowOf(names), lab)).toBe('check-in-between');
  });

  test('not without health checks', () => {
    const names = ['198.51.100.1', '203.0.113.1'].map((name) => request('l3', name, '203.0.113.11'));
    expect(limitOf(flowOf(names), oneArm({}, 'none'))).toBeNull();
  });

  test('not if the first request was answered', () => {
    const [first, second] = ['198.51.100.1', '203.0.113.1'].map((name) => request('l3', name, '203.0.113.11'));
    expect(limitOf(flowOf([first!, answer('l3', '203.0.113.11'), second!]), lab)).toBeNull();
  });

  test('not with the same sender, or for different neighbours', () => {
    const again = [1, 2].map(() => request('l3', '198.51.100.1', '203.0.113.11'));
    const other = request('l3', '203.0.113.1', '203.0.113.2');
    expect(limitOf(flowOf([...again, other]), lab)).toBeNull();
  });
});

describe('pool-changed', () => {
  const [picks, none] = [
    { request: [], picked: 's1' },
    { request: [], picked: null, cause: { code: 'no-server-available' } },
  ] as unknown as Prediction[];
  const MACS = { in: { srcMac: 'l3', dstMac: 'l4' }, out: { srcMac: 'l4', dstMac: 's1' } };
  const syn = (direction: 'in' | 'out') =>
    segment(1, ['l4', direction, 'l2'], { ...MACS[direction], seq: 7, flags: 'S' });
  const reset = (direction: 'in' | 'out') =>
    segment(2, ['l4', direction, 'l2'], { ...MACS[direction], seq: 0, flags: 'RA' });
  const flow = (packets: Sighting[], predicted = [picks!, none!]): FlowResult =>
    ({ attempts: [{ packets }], predicted }) as unknown as FlowResult;

  test('a SYN was forwarded and its retransmission refused, and checks of the server vary', () => {
    expect(limitOf(flow([syn('in'), syn('out'), syn('in'), reset('out')]), oneArm())).toBe('pool-changed');
  });

  test('not if checks are stable, nothing was forwarded, or the server refuses', () => {
    expect(limitOf(flow([syn('in'), syn('out'), reset('out')], [picks!]), oneArm())).toBeNull();
    expect(limitOf(flow([syn('in'), reset('out')]), oneArm())).toBeNull();
    expect(limitOf(flow([syn('in'), syn('out'), reset('in'), reset('out')]), oneArm())).toBeNull();
  });
});

describe('mac-between-ports', () => {
  const reply = (time: number, iface: string): Sighting =>
    segment(time, ['l2', 'out', iface], { dstMac: 's1', seq: 7, flags: 'PA', payloadLength: 100 });
  const flowOf = (packets: Sighting[], outcome = 'works', predicted = 'mac-moved'): FlowResult =>
    ({ attempts: [{ packets, outcome }], predicted: [{ cause: { code: predicted } }] }) as unknown as FlowResult;

  test('a retransmission got through at another port, while the caller sent', () => {
    expect(limitOf(flowOf([reply(1, 'l4'), reply(2, 's1')]), oneArm())).toBe('mac-between-ports');
  });

  test('not if it had the same port, failed nevertheless, or another cause was predicted', () => {
    expect(limitOf(flowOf([reply(1, 'l4'), reply(2, 'l4')]), oneArm())).toBeNull();
    expect(limitOf(flowOf([reply(1, 'l4'), reply(2, 's1')], 'fails'), oneArm())).toBeNull();
    expect(limitOf(flowOf([reply(1, 'l4'), reply(2, 's1')], 'works', 'refused'), oneArm())).toBeNull();
  });
});

describe('small-segment', () => {
  const lab = oneArm();
  const data = (node: string, payloadLength: number): Sighting =>
    segment(1, [node, 'in', 'l2'], { seq: 1, flags: 'PA', payloadLength });
  const flowOf = (packets: Sighting[], predicted = 'too-big'): FlowResult => {
    const cause = { code: 'out-of-window', node: 'l4' };
    return { attempts: [{ packets, cause }], predicted: [{ cause: { code: predicted } }] } as unknown as FlowResult;
  };

  test('the segment outside the window was smaller than one that the node did not receive', () => {
    expect(limitOf(flowOf([data('l2', 1400), data('l2', 900), data('l4', 900)]), lab)).toBe('small-segment');
  });

  test('not if the node also received the largest one, or another cause was predicted', () => {
    expect(limitOf(flowOf([data('l2', 1400), data('l4', 1400), data('l4', 900)]), lab)).toBeNull();
    expect(limitOf(flowOf([data('l2', 1400), data('l4', 900)], 'refused'), lab)).toBeNull();
  });
});

describe('equal-routes-in-loop', () => {
  const lab = oneArm();
  const equal = { to: 'default', via: '203.0.113.1', dev: 'l2', others: [{ via: '203.0.113.2', dev: 'l2' }] };
  lab.nodes.find(({ name }) => name === 's1')!.routes = [equal];
  const lap = (srcPort: number): Sighting => {
    const { frame, ...seen } = segment(1, ['s1', 'out', 'l2'], { seq: 1, flags: 'S' });
    return { ...seen, frame: { ...frame, tcp: { ...frame.tcp!, srcPort } } };
  };
  const flowOf = (packets: Sighting[], seen = 'refused'): FlowResult =>
    ({
      attempts: [{ packets, cause: { code: seen } }],
      predicted: [{ cause: { code: 'refused' } }],
    }) as unknown as FlowResult;

  test('a packet left a node with equal routes again, with another port', () => {
    expect(limitOf(flowOf([lap(40000), lap(40001)]), lab)).toBe('equal-routes-in-loop');
  });

  test('not with the same port, without equal routes, or with another cause than predicted', () => {
    expect(limitOf(flowOf([lap(40000), lap(40000)]), lab)).toBeNull();
    expect(limitOf(flowOf([lap(40000), lap(40001)]), oneArm())).toBeNull();
    expect(limitOf(flowOf([lap(40000), lap(40001)], 'too-big'), lab)).toBeNull();
  });
});
