import type { Sighting } from '../terms/sighting.ts';
import { L3, oneArm, QUIET_ARP, VIP_A } from '../model/testing/labs.ts';
import { judgeAttempt } from './attempt.ts';
import { mac, plan } from '../model/testing/lab-builder.ts';
import { arp, evidenceOf, segment } from './testing/evidence.ts';

describe('a later segment that reaches the server around the L4', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s1'] } },
    servers: { loopback: [VIP_A], ...QUIET_ARP },
  });
  const ack = { seq: 8, flags: 'A' };
  const answer = segment(9, ['client', 'in', 'l3'], { seq: 70, flags: 'PA', payloadLength: 100 });
  const atEnds = [segment(1, ['client', 'out', 'l3'], ack), segment(3, ['s1', 'in', 'l2'], ack), answer];
  const client = { answered: true, outcome: '200' as const, servedBy: 's1', sourceSeen: null };

  test('is a bypass of the L4', () => {
    const evidence = evidenceOf(sketch, 'client', 'a', { packets: atEnds, client });
    expect(judgeAttempt(evidence, 1).findings).toEqual([
      { code: 'l4-bypassed', params: { service: 'a', l4s: ['l4'] } },
    ]);
  });

  test('is none when the L4 saw it too', () => {
    const packets = [...atEnds, segment(2, ['l4', 'in', 'l2'], ack)];
    expect(judgeAttempt(evidenceOf(sketch, 'client', 'a', { packets, client }), 1).findings).toEqual([]);
  });

  test('is none when another L4 of the service saw it', () => {
    const { l4 } = sketch.nodes;
    const twins = {
      nodes: { ...sketch.nodes, l4b: { ...l4!, interfaces: { l2: '203.0.113.4/24' } } },
      links: [...sketch.links, ['l4b', 'l2']] satisfies [string, string][],
      services: { a: { ...sketch.services['a']!, l4: ['l4', 'l4b'] } },
    };
    const packets = [...atEnds, segment(2, ['l4b', 'in', 'l2'], ack)];
    expect(judgeAttempt(evidenceOf(twins, 'client', 'a', { packets, client }), 1).findings).toEqual([]);
  });

  test('is none when the caller sent it after the answer: the L4 may have seen it since', () => {
    const fin = { seq: 9, flags: 'FA' };
    const packets = [answer, segment(10, ['client', 'out', 'l3'], fin), segment(12, ['s1', 'in', 'l2'], fin)];
    expect(judgeAttempt(evidenceOf(sketch, 'client', 'a', { packets, client }), 1).findings).toEqual([]);
  });
});

test('a node that answers its own echo is the source that it sees: nothing was on a wire', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s1'] } },
    nodes: { client: { loopback: [VIP_A] } },
  });
  const evidence = evidenceOf(sketch, 'client', 'a', {
    client: { answered: true, outcome: 'answered', servedBy: null, sourceSeen: null },
    walk: { request: [], reply: [] },
  });
  const { servedBy, sourceSeen, findings } = judgeAttempt(evidence, 1);
  expect({ servedBy, sourceSeen, findings }).toEqual({
    servedBy: 'client',
    sourceSeen: VIP_A,
    findings: [{ code: 'answered-by-itself', params: { node: 'client', address: VIP_A } }],
  });
});

describe('an address for which two nodes answer', () => {
  const sketch = oneArm({
    services: { a: { vip: VIP_A, mode: 'dsr', pool: ['s1'] } },
    servers: { loopback: [VIP_A], arpIgnore: 0 },
  });
  const lab = plan(sketch);
  const l3 = mac(lab, 'l3', 'l2');
  const answerOf = (node: string, seenBy: [string, 'in' | 'out', string]): Sighting => {
    const { frame, ...sighting } = arp(seenBy, { op: 'reply', senderIp: VIP_A, targetIp: L3 });
    const srcMac = mac(lab, node, 'l2');
    return { ...sighting, frame: { ...frame, srcMac, dstMac: l3, arp: { ...frame.arp!, senderMac: srcMac } } };
  };
  const answers = (by: string[]): Sighting[] =>
    by.flatMap((node) => [answerOf(node, ['l2', 'in', node]), answerOf(node, ['l3', 'in', 'l2'])]);
  const found = (packets: Sighting[]): unknown[] => {
    const client = { answered: true, outcome: '200' as const, servedBy: 's1', sourceSeen: null };
    const { findings } = judgeAttempt(evidenceOf(sketch, 'client', 'a', { packets, client }), 1);
    return findings.filter(({ code }) => code === 'two-owners');
  };

  test('is reported with the asking node, the owners, and the answer that was used', () => {
    const sent = segment(3, ['l3', 'out', 'l2'], { dstMac: mac(lab, 's1', 'l2'), seq: 7, flags: 'S' });
    const params = { address: VIP_A, asker: 'l3', owners: ['l4', 's1'] };
    expect(found([...answers(['l4', 's1']), sent])).toEqual([
      { code: 'two-owners', params: { ...params, used: 's1' } },
    ]);
    expect(found(answers(['l4', 's1']))).toEqual([{ code: 'two-owners', params: { ...params, used: null } }]);
  });

  test('is none if one node answered, however often it was seen', () => {
    expect(found(answers(['l4', 'l4']))).toEqual([]);
  });
});

describe('a request that was sent twice and then answered', () => {
  const sketch = oneArm({ services: { a: { vip: VIP_A, mode: 'dnat', pool: ['s1'] } } });
  const client = { answered: true, outcome: '200' as const, servedBy: 's1', sourceSeen: null };
  const request = { seq: 8, flags: 'PA', payloadLength: 9 };
  const at = (ms: number, node: string, direction: 'in' | 'out'): Sighting =>
    segment(ms * 1e6, [node, direction, node === 's1' ? 'l2' : 'l3'], request);
  const sentAgainAfter = (packets: Sighting[]): number | null => {
    const evidence = evidenceOf(sketch, 'client', 'a', { packets, client });
    const { findings, sentAgainMs } = judgeAttempt(evidence, 1);
    expect(findings.some(({ code }) => code === 'slow-start')).toBe(sentAgainMs !== null);
    return sentAgainMs;
  };

  test('started slowly if the first one reached no server', () => {
    expect(sentAgainAfter([at(0, 'client', 'out'), at(204, 'client', 'out'), at(205, 's1', 'in')])).toBe(204);
  });

  test('did not if the first one did, and the server was late', () => {
    expect(sentAgainAfter([at(0, 'client', 'out'), at(1, 's1', 'in'), at(204, 'client', 'out')])).toBeNull();
  });
});
