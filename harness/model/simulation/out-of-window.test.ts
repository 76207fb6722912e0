import type { FlowPlan } from '../../terms/plan.ts';
import { predict } from '../predict.ts';
import { flow, plan, type NodeSketch } from '../testing/lab-builder.ts';
import { CLIENT, L4, oneArm, PIP, QUIET_ARP, S1, VIP_A } from '../testing/labs.ts';

type Service = Parameters<typeof oneArm>[0]['services'][string];
const dnat: Service = { vip: VIP_A, mode: 'dnat', pool: ['s1'] };
const proxy: Service = { vip: VIP_A, mode: 'proxy', pool: ['s1'], proxyIp: PIP };
const dsr: Service = { vip: VIP_A, mode: 'dsr', pool: ['s1'] };
const LIBERAL = { sysctls: { 'net.netfilter.nf_conntrack_tcp_be_liberal': 1 } };

interface Lab {
  service: Service;
  servers?: Partial<NodeSketch>;
  nodes?: Record<string, Partial<NodeSketch>>;
}

/** What comes of a flow with a segment out of the window: `works`, or the cause and its node. */
function outcome(sender: FlowPlan['outOfWindow'], { service, servers = {}, nodes = {} }: Lab, to = 'a'): unknown[] {
  const gateway = service.mode === 'dnat' ? { gateway: L4 } : {};
  const quiet = service.mode === 'dsr' ? { loopback: [VIP_A], ...QUIET_ARP } : {};
  const lab = plan(oneArm({ services: { a: service }, servers: { ...gateway, ...quiet, ...servers }, nodes }));
  const [prediction] = predict(lab, { ...flow(lab, 'client', to), outOfWindow: sender! });
  const { cause, outcome } = prediction!;
  return cause === null ? [outcome] : [cause.code, cause.node, cause.detail];
}

const left = (source: string, destination: string): unknown[] => [
  'out-of-window',
  'l4',
  { code: 'segment-not-translated', params: { node: 'l4', source, destination } },
];

describe('of the server', () => {
  test('arrives untranslated at the client, which resets the connection', () => {
    expect(outcome('server', { service: dnat })).toEqual(left(S1, CLIENT));
  });

  test('to a proxy IP is refused by the L4 itself', () => {
    expect(outcome('server', { service: proxy })).toEqual(left(S1, PIP));
  });

  test('does no harm if the L4 drops it', () => {
    expect(outcome('server', { service: dnat, nodes: { l4: { firewall: 'stateful' } } })).toEqual(['works']);
  });

  test('is dropped by an L4 only if the L4 forwards it', () => {
    expect(outcome('server', { service: proxy, nodes: { l4: { firewall: 'stateful' } } })).toEqual(left(S1, PIP));
  });

  test.each([dnat, proxy])('does no harm where conntrack takes it all the same', (service) => {
    expect(outcome('server', { service, nodes: { l4: LIBERAL } })).toEqual(['works']);
  });

  test('does no harm without NAT, or if a firewall drops it', () => {
    expect(outcome('server', { service: dsr })).toEqual(['works']);
    expect(outcome('server', { service: dsr, nodes: { l3: { firewall: 'stateful' } } })).toEqual(['works']);
    expect(outcome('server', { service: dnat }, 's1')).toEqual(['works']);
  });

  test('does no harm if the reset does not reach the server', () => {
    const filter = [{ drop: { to: S1 } }];
    expect(outcome('server', { service: dnat, nodes: { l3: { filter } } })).toEqual(['works']);
  });

  test('is refused by a router with source NAT', () => {
    const nat: NodeSketch['nat'] = { out: 'l2', to: 'masquerade' };
    expect(outcome('server', { service: dsr, nodes: { l3: { nat } } }).slice(0, 2)).toEqual(['out-of-window', 'l3']);
  });
});

describe('of the client', () => {
  test.each([dnat, proxy, dsr])('does no harm: a load balancer drops what it has not translated', (service) => {
    expect(outcome('client', { service })).toEqual(['works']);
  });

  test('is refused by the kernel of an L4 that holds the VIP, but not as the VIP of its load balancer', () => {
    const l4 = { vipOwner: false, loopback: [VIP_A] };
    expect(outcome('client', { service: dnat, nodes: { l4 } })).toEqual(left(CLIENT, VIP_A));
    expect(outcome('client', { service: dnat, nodes: { l4: { vipOwner: false } } })).toEqual(['works']);
  });

  test('leaves a router with source NAT untranslated, and the server does not know its source', () => {
    const nat: NodeSketch['nat'] = { out: 'l2', to: 'masquerade' };
    expect(outcome('client', { service: dnat, nodes: { l3: { nat } } }, 's1').slice(0, 2)).toEqual([
      'out-of-window',
      'l3',
    ]);
  });
});
