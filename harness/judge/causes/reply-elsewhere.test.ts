import { oneArm, PIP, VIP_A } from '../../model/testing/labs.ts';
import { evidenceOf, named } from '../testing/evidence.ts';

const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s2'] } };
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool: ['s2'], proxyIp: PIP } };
const strict = { rpFilter: 1 };

describe('reply-not-from-vip', () => {
  const sketch = oneArm({ services: dnat });

  test('where the answer reached the caller from the server', () => {
    expect(named(evidenceOf(sketch, 'client', 'a'))).toEqual(['reply-not-from-vip', 'client']);
  });

  test('not where the kernel of the caller refuses its way', () => {
    const kernel = 'reverse-path';
    const filtered = evidenceOf(oneArm({ services: dnat, nodes: { client: strict } }), 'client', 'a', { kernel });
    expect(named(filtered)).toEqual(['reverse-path', 'client']);
  });

  test('not where it came from the VIP', () => {
    expect(named(evidenceOf(oneArm({ services: proxy }), 'client', 'a'))[0]).not.toBe('reply-not-from-vip');
  });

  test('where it reached the L4 that hides the caller, from an address that the L4 sent nothing to', () => {
    const evidence = evidenceOf(oneArm({ services: proxy }), 'client', 'a');
    const { request } = evidence.walk;
    const end = evidence.walk.reply.findIndex(({ node, direction }) => node === 'l4' && direction === 'in') + 1;
    const from = (ip: string): [string, string] => {
      const reply = evidence.walk.reply.slice(0, end).map((hop) => ({ ...hop, src: { ...hop.src, ip } }));
      return named({ ...evidence, walk: { request, reply } });
    };
    expect(from('203.0.113.31')).toEqual(['reply-not-from-vip', 'l4']);
    expect(from('203.0.113.12')[0]).not.toBe('reply-not-from-vip');
  });

  test('not where it did not reach the caller', () => {
    const evidence = evidenceOf(sketch, 'client', 'a');
    const reply = evidence.walk.reply.slice(0, -1);
    expect(named({ ...evidence, walk: { ...evidence.walk, reply } })[0]).not.toBe('reply-not-from-vip');
  });
});
