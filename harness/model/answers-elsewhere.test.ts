import { predict } from './predict.ts';
import type { Cause } from '../terms/cause.ts';
import { flow, plan, type ServiceSketch } from './testing/lab-builder.ts';
import { L3, L4, oneArm, PIP, QUIET_ARP, S1, VIP_A } from './testing/labs.ts';

const SECOND = '203.0.113.31';
const UDP = { vip: VIP_A, protocol: 'udp' as const, pool: ['s1'] };

/** What becomes of a question to a server that answers from one of its addresses. */
function outcome(service: Partial<ServiceSketch>, source: string | number, to = 'a', gateway = L3): string {
  const from = typeof source === 'number' ? { answersFromPort: source } : { answersFrom: source };
  const held = { loopback: [VIP_A, SECOND], ...QUIET_ARP };
  const sketch = oneArm({
    services: { a: { ...UDP, mode: 'dsr', ...service } },
    nodes: { s1: { ...held, gateway, listeners: [{ listen: '80/udp', ...from }] } },
  });
  const lab = plan(sketch);
  const [{ outcome: how, cause }] = predict(lab, flow(lab, 'client', to, 'udp')) as [
    ReturnType<typeof predict>[number],
  ];
  return cause === null ? how : `${cause.code} ${cause.node}`;
}

test.each<[string, string, Parameters<typeof outcome>]>([
  ['dsr, from the VIP', 'works', [{}, VIP_A]],
  ['dsr, from the address of the interface', 'reply-not-from-vip client', [{}, S1]],
  ['dsr, from another port of the VIP', 'reply-not-from-vip client', [{}, 54]],
  ['dnat, from another port', 'reply-not-from-vip client', [{ mode: 'dnat' }, 54, 'a', L4]],
  ['proxy, from another port', 'reply-not-from-vip l4', [{ mode: 'proxy', proxyIp: PIP }, 54]],
  ['without an L4, from another port', 'reply-not-from-vip client', [{}, 54, 's1']],
  ['dsr, checked by tcp alone', 'no-server-available l4', [{ check: 'tcp' }, VIP_A]],
  ['dnat, from the address that was asked', 'works', [{ mode: 'dnat' }, S1, 'a', L4]],
  ['dnat, from another one', 'reply-not-from-vip client', [{ mode: 'dnat' }, SECOND, 'a', L4]],
  ['proxy, from another one', 'reply-not-from-vip l4', [{ mode: 'proxy', proxyIp: PIP }, SECOND]],
  ['without an L4, from the address that was asked', 'works', [{}, S1, 's1']],
  ['without an L4, from another one', 'reply-not-from-vip client', [{}, SECOND, 's1']],
])('%s: %s', (_, expected, called) => {
  expect(outcome(...called)).toBe(expected);
});

/** What becomes of a question to a server with two legs, the second one down, that answers from its address there. */
function withLegDown(first: string, second: string, down = ['l3-2']): [string, Cause | null] {
  const [one, other] = first.includes(':') ? ['2001:db8:1::', 64] : ['198.51.100.', 24];
  const lab = plan({
    nodes: {
      client: { role: 'client', gateway: 'l3', interfaces: { l3: `${one}10/${other}` } },
      l3: {
        role: 'l3',
        forwarding: true,
        interfaces: { client: `${one}1/${other}`, s1: `${first}1/${other}`, 's1-2': `${second}1/${other}` },
      },
      s1: {
        role: 'server',
        gateway: 'l3',
        interfaces: { l3: `${first}11/${other}`, 'l3-2': `${second}11/${other}` },
        listeners: [{ listen: '80/udp', answersFrom: `${second}11` }],
        down,
      },
    },
    links: [
      ['client', 'l3'],
      ['l3', 's1'],
      ['l3', 's1'],
    ],
    services: {},
  });
  const [{ outcome: how, cause }] = predict(lab, flow(lab, 'client', 's1', 'udp')) as [
    ReturnType<typeof predict>[number],
  ];
  return [how, cause];
}

test('a server without its reply address cannot reply; with IPv4 it keeps the address', () => {
  const elsewhere = { code: 'reply-not-from-vip', node: 'client' };
  expect(withLegDown('2001:db8:2::', '2001:db8:3::', [])).toMatchObject(['fails', elsewhere]);
  const gone = withLegDown('2001:db8:2::', '2001:db8:3::');
  expect(gone).toMatchObject(['fails', { code: 'no-response', node: 's1', detail: { code: 'response-missing' } }]);
  expect(withLegDown('203.0.113.', '192.0.2.')).toMatchObject(['fails', elsewhere]);
});
