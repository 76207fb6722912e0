import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { NodeSketch } from './testing/lab-builder.ts';
import { crossSubnet, VIP_A } from './testing/labs.ts';
import type { Prediction } from '../terms/walk.ts';

const S1 = '198.51.100.141';
const SERVER: Partial<NodeSketch> = { loopback: [VIP_A], undoDscp: ['a'] };

/** The server is behind a router, where the MAC of `dsr` would not reach it. */
function predicted(server: Partial<NodeSketch>, nodes: Record<string, Partial<NodeSketch>> = {}): Prediction {
  const services = { a: { vip: VIP_A, mode: 'l3dsr' as const, dscp: 11, pool: ['s1'] } };
  const lab = plan(crossSubnet({ services, nodes: { s1: server, ...nodes } }));
  return predict(lab, flow(lab, 'client', 'a'))[0]!;
}

test('the packet crosses the router to the server, which sees the client and replies from the VIP, bypassing the L4', () => {
  const { outcome, servedBy, sourceSeen, request, reply } = predicted(SERVER);
  expect({ outcome, servedBy, sourceSeen }).toEqual({ outcome: 'works', servedBy: 's1', sourceSeen: '198.51.100.10' });
  expect(request.at(-1)).toMatchObject({ node: 's1', dst: { ip: S1 } });
  expect(reply[0]!.src.ip).toBe(VIP_A);
  expect(reply.map(({ node }) => node)).not.toContain('l4');
});

test('a server without undoDscp replies from its own address', () => {
  expect(predicted({ loopback: [VIP_A] }).cause).toMatchObject({ code: 'reply-not-from-vip', node: 'client' });
});

test('a server with undoDscp but without the VIP is the cause', () => {
  expect(predicted({ ...SERVER, loopback: [] }).cause).toMatchObject({ code: 'vip-not-on-server', node: 's1' });
});

test("the L4's routing forwards the packet: forwarding must be on", () => {
  expect(predicted(SERVER, { l4: { forwarding: false } }).cause).toMatchObject({ code: 'not-forwarding', node: 'l4' });
});
