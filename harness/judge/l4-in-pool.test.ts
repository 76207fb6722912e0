import { L4, oneArm, VIP_A } from '../model/testing/labs.ts';
import type { NodeSketch, ServiceSketch } from '../model/testing/lab-builder.ts';
import type { Sighting } from '../terms/sighting.ts';
import { judgeAttempt } from './attempt.ts';
import { causeOfFailure } from './causes/index.ts';
import { refusedOrUnreachable } from './causes/refused-or-unreachable.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { Moment } from './evidence/moment.ts';
import { evidenceOf, icmp, named, segment } from './testing/evidence.ts';

const service: ServiceSketch = { vip: VIP_A, mode: 'dnat', pool: ['l4', 's1'], ownCalls: true };
const LISTENS: Partial<NodeSketch> = { listeners: ['80/tcp'] };
const SILENT: Partial<NodeSketch> = { listeners: [] };

/** Evidence of a call in which the L4 picked itself: the first alternative. */
const evidence = (from: string, l4: Partial<NodeSketch>, seen: Partial<Evidence> = {}): Evidence =>
  evidenceOf(oneArm({ services: { a: service }, nodes: { l4 } }), from, 'a', seen);

const answeredBy = (servedBy: string): Evidence['client'] => ({
  answered: true,
  outcome: '200',
  servedBy,
  sourceSeen: null,
});

const REFUSED: Evidence['client'] = { answered: false, outcome: 'ECONNREFUSED', servedBy: null, sourceSeen: null };

describe('a call that the L4 answered', () => {
  test('was balanced to itself', () => {
    const { l4, picked, findings } = judgeAttempt(evidence('client', LISTENS, { client: answeredBy('l4') }), 1);
    expect({ l4, picked, findings }).toEqual({ l4: 'l4', picked: 'l4', findings: [] });
  });

  test('also its own one, of which nothing is on a wire', () => {
    const { l4, picked, findings } = judgeAttempt(evidence('l4', LISTENS, { client: answeredBy('l4') }), 1);
    expect({ l4, picked, findings }).toEqual({ l4: 'l4', picked: 'l4', findings: [] });
  });

  test('is known from the answer, not from the path', () => {
    const { l4, picked } = judgeAttempt(evidence('client', LISTENS), 1);
    expect({ l4, picked }).toEqual({ l4: null, picked: null });
  });
});

describe('a refusal of the L4', () => {
  const reset = [segment(5, ['l4', 'out', 'l2'], { seq: 0, flags: 'RA' })];
  const unreachable = [icmp([5, 'l4', 'out', 'l2'], { type: 3, code: 3 })];

  test.each<[string, Sighting[]]>([
    ['reset', reset],
    ['ICMP error', unreachable],
  ])('is that of its missing listener if it is a server in use: %s', (_, packets) => {
    for (const healthy of [null, ['l4', 's1'], ['l4']]) {
      expect(causeOfFailure(evidence('client', SILENT, { packets, healthy }))).toMatchObject({
        code: 'refused',
        node: 'l4',
        detail: { params: { address: L4, port: 80 } },
      });
    }
  });

  test('is that of the load balancer if no server is up', () => {
    expect(named(evidence('client', SILENT, { packets: reset, healthy: [] }))).toEqual(['no-server-available', 'l4']);
  });

  test('is unexplained if it listens, or is out', () => {
    expect(named(evidence('client', LISTENS, { packets: reset, healthy: null }))).toEqual(['unexplained', 'l4']);
    expect(named(evidence('client', SILENT, { packets: reset, healthy: ['s1'] }))).toEqual(['unexplained', 'l4']);
  });

  test('in a stream, may come before its load balancer knows that it is out', () => {
    const moment = { isActing: false, whole: {} } as Moment;
    const seen = { packets: reset, healthy: ['s1'], moment, client: REFUSED };
    expect(refusedOrUnreachable(evidence('client', SILENT, seen))).toMatchObject({ code: 'refused', node: 'l4' });
    expect(refusedOrUnreachable(evidence('client', LISTENS, seen))).toMatchObject({ code: 'unexplained' });
  });

  test('of its own call is seen by no capture', () => {
    const client = REFUSED;
    const walk = { request: [], reply: [] };
    expect(named(evidence('l4', SILENT, { client, walk }))).toEqual(['refused', 'l4']);
    expect(named(evidence('l4', SILENT, { client, walk, healthy: [] }))).toEqual(['no-server-available', 'l4']);
    expect(named(evidence('l4', LISTENS, { client, walk }))).toEqual(['unexplained', 'l4']);
  });
});
