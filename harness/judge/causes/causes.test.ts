import { oneArm, QUIET_ARP, VIP_A } from '../../model/testing/labs.ts';
import { evidenceOf } from '../testing/evidence.ts';
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
