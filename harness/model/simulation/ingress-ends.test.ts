import { predict } from '../predict.ts';
import { flow, plan } from '../testing/lab-builder.ts';
import { L4, oneArm, QUIET_ARP, VIP_A } from '../testing/labs.ts';

const dsr = { vip: VIP_A, pool: ['s1'], mode: 'dsr' as const };
/** The L4 does not own the VIP, and has a way back to the client where it has a gateway. */
const nodes = { l4: { vipOwner: false } };

function lab(service: Parameters<typeof oneArm>[0]['services'], { gateway } = { gateway: false }) {
  const sketch = oneArm({ services: service, servers: { gateway: L4, loopback: [VIP_A], ...QUIET_ARP }, nodes });
  if (!gateway) delete sketch.nodes['l4']!.gateway;
  return plan(sketch);
}

test('the reply to an echo request to a dsr VIP goes to its source MAC, whatever the routes of the L4', () => {
  const labs = lab({ a: dsr });
  const [{ outcome, reply } = { reply: [] }, ...others] = predict(labs, flow(labs, 'client', 'a', 'icmp'));
  expect(others).toEqual([]);
  expect(outcome).toBe('works');
  expect(reply[0]).toMatchObject({ node: 'l4', src: { ip: VIP_A }, ttl: 64 });
});

test.each([
  ['tcp', VIP_A],
  ['udp', L4],
] as const)(
  'a refusal goes by the routes of the L4, from the VIP in TCP and from itself in UDP: %s',
  (protocol, from) => {
    const labs = lab({ a: { ...dsr, protocol, check: 'tcp' } }, { gateway: true });
    const [{ cause, reply } = { reply: [] }, ...others] = predict(labs, {
      ...flow(labs, 'client', 'a', protocol),
      port: 81,
    });
    expect(others).toEqual([]);
    expect(cause).toMatchObject({ code: 'refused', node: 'l4' });
    expect(reply[0]).toMatchObject({ node: 'l4', src: { ip: from }, ttl: 64 });
    expect(reply.at(-1)).toMatchObject({ node: 'client' });
  },
);

test('the same in UDP if the L4 has the VIP on its loopback: it is not looked up before routing', () => {
  const service = { ...dsr, protocol: 'udp' as const };
  const owner = oneArm({ services: { a: service }, nodes: { l4: { vipOwner: false, loopback: [VIP_A] } } });
  const labs = plan(owner);
  const [{ reply } = { reply: [] }] = predict(labs, { ...flow(labs, 'client', 'a', 'udp'), port: 81 });
  expect(reply[0]).toMatchObject({ node: 'l4', src: { ip: L4 } });
});

test('a refusal is lost if the L4 has no route', () => {
  const labs = lab({ a: dsr });
  const [{ cause } = {}, ...others] = predict(labs, { ...flow(labs, 'client', 'a', 'tcp'), port: 81 });
  expect(others).toEqual([]);
  expect(cause).toMatchObject({ code: 'no-route', node: 'l4' });
});

test('a VIP shared with a NAT service is handled by the stack of the node', () => {
  const labs = lab({ a: dsr, b: { ...dsr, mode: 'dnat', protocol: 'udp' } });
  const [{ cause } = {}] = predict(labs, flow(labs, 'client', 'a', 'icmp'));
  expect(cause).toMatchObject({ code: 'no-route', node: 'l4' });
});
