import { oneArm, QUIET_ARP, VIP_A } from '../../model/testing/labs.ts';
import { arpRequest, evidenceOf, segment } from '../testing/evidence.ts';
import { causeOfFailure } from './index.ts';

const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool: ['s2'] } };

test('refused at the caller, when it holds the called VIP itself and nothing listens there', () => {
  const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], conf: QUIET_ARP, listeners: [] } });
  const evidence = evidenceOf(sketch, 's1', 'a', {
    client: { answered: false, said: 'ECONNREFUSED', servedBy: null, sourceSeen: null },
  });
  expect(causeOfFailure(evidence)).toMatchObject({ code: 'refused', node: 's1' });
});

describe('a server that got the request and says nothing', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } });
  delete sketch.nodes['s2']!.gateway;

  test('has no route for its answer, when its kernel says so', () => {
    const evidence = evidenceOf(sketch, 'client', 'a', {
      kernel: 'local 203.0.113.12 from 198.51.100.10 dev lo',
      kernelOnAnswer: 'RTNETLINK answers: Network is unreachable',
    });
    expect(causeOfFailure(evidence)).toMatchObject({ code: 'no-route', node: 's2' });
  });

  test('stays unexplained, when its kernel knows the way', () => {
    const evidence = evidenceOf(sketch, 'client', 'a', {
      kernel: 'local 203.0.113.12 from 198.51.100.10 dev lo',
      kernelOnAnswer: '198.51.100.10 via 203.0.113.1 dev l2',
    });
    expect(causeOfFailure(evidence)).toMatchObject({ code: 'unexplained', node: 's2' });
  });
});

describe('the handshake went well, and then a switch sends a segment to a port where its addressee is not', () => {
  const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], conf: QUIET_ARP } });
  const { plan } = evidenceOf(sketch, 's1', 'a');
  const caller = plan.nodes.find(({ name }) => name === 's1')!.interfaces[0]!.mac;
  const data = { dstMac: caller, seq: 7, flags: 'PA' };
  const macTables = { l2: { [caller]: 'l4' } };

  test('mac-moved at the switch', () => {
    const packets = [segment(1, ['l2', 'in', 's2'], data), segment(2, ['l2', 'out', 'l4'], data)];
    expect(causeOfFailure(evidenceOf(sketch, 's1', 'a', { packets, macTables }))).toMatchObject({
      code: 'mac-moved',
      node: 'l2',
    });
  });

  test('a flooded copy that also reached the addressee is no harm', () => {
    const packets = [segment(2, ['l2', 'out', 'l4'], data), segment(3, ['s1', 'in', 'l2'], data)];
    expect(causeOfFailure(evidenceOf(sketch, 's1', 'a', { packets, macTables })).code).not.toBe('mac-moved');
  });
});

test('what a node announces, or passes on as a bridge, is no unanswered question', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s2'] } } });
  const { walk } = evidenceOf(sketch, 'client', 'a');
  const endsAtL4 = {
    request: walk.request.slice(0, walk.request.findIndex(({ node }) => node === 'l4') + 1),
    reply: [],
  };
  const says = (senderIp: string, targetIp: string): ReturnType<typeof causeOfFailure> => {
    const packets = [arpRequest(['l4', 'out', 'l2'], { senderIp, targetIp })];
    return causeOfFailure(evidenceOf(sketch, 'client', 'a', { walk: endsAtL4, packets }));
  };
  expect(says('203.0.113.2', '203.0.113.12')).toMatchObject({ code: 'no-neighbour', node: 'l4' });
  expect(says('203.0.113.2', '203.0.113.2').code).not.toBe('no-neighbour');
  expect(says('203.0.113.11', '203.0.113.12').code).not.toBe('no-neighbour');
});
