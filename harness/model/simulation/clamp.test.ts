import { predict } from '../predict.ts';
import { flow, plan, type ServiceSketch } from '../testing/lab-builder.ts';
import { oneArm, PIP, QUIET_ARP, VIP_A } from '../testing/labs.ts';
import type { Hop } from '../../terms/walk.ts';

const MODES: Record<string, ServiceSketch> = {
  dnat: { vip: VIP_A, mode: 'dnat', pool: ['s1'] },
  proxy: { vip: VIP_A, mode: 'proxy', proxyIp: PIP, pool: ['s1'] },
  dsr: { vip: VIP_A, mode: 'dsr', pool: ['s1'] },
  l3dsr: { vip: VIP_A, mode: 'l3dsr', dscp: 11, pool: ['s1'] },
};
/** Only the link between load balancer and switch, which drops what is larger. */
const NARROW = { l4: { mtu: 1400 }, l2: { ofInterfaces: { l4: { mtu: 1400 } } } };

function predicted(service: ServiceSketch, bytes: { requestBytes?: number; replyBytes?: number } = {}) {
  const direct = service.mode.endsWith('dsr')
    ? { loopback: ['a'], ...(service.mode === 'l3dsr' ? { undoDscp: ['a'] } : QUIET_ARP) }
    : {};
  const servers = { gateway: service.mode === 'dnat' ? '203.0.113.2' : '203.0.113.1', ...direct };
  const lab = plan(oneArm({ services: { a: service }, servers, nodes: NARROW }));
  return predict(lab, { ...flow(lab, 'client', 'a'), ...bytes })[0]!;
}

/** MSS of a SYN where it was sent, and where it arrived. */
function output(hops: Hop[]): (number | undefined)[] {
  return [hops[0]?.mss, hops.at(-1)?.mss];
}

test.each([
  ['dnat', 'auto', [1460, 1360], [1460, 1360]],
  ['proxy', 'auto', [1460, 1360], [1460, 1360]],
  ['proxy', 1200, [1460, 1200], [1460, 1200]],
  ['proxy', 9000, [1460, 1460], [1460, 1460]],
  ['dsr', 'auto', [1460, 1360], [1460, 1460]],
  ['dsr', 1200, [1460, 1200], [1460, 1460]],
  ['l3dsr', 'auto', [1460, 1360], [1460, 1460]],
  ['l3dsr', 1200, [1460, 1200], [1460, 1460]],
] as const)('%s with %s: MSS of client and server become %j and %j', (mode, mssClamp, syn, synAck) => {
  const { request, reply } = predicted({ ...MODES[mode]!, mssClamp });
  expect([output(request), output(reply)]).toEqual([syn, synAck]);
});

test('the walk shows the MSS change at its hop; without a clamping load balancer it shows no MSS', () => {
  const changed = predicted({ ...MODES['proxy']!, mssClamp: 1200 }).request.filter((hop) =>
    hop.changed.some(({ field }) => field === 'mss'),
  );
  expect(changed).toMatchObject([
    {
      node: 'l4',
      direction: 'out',
      changed: expect.arrayContaining([{ field: 'mss', from: '1460', to: '1200' }]) as unknown,
    },
  ]);
  expect(predicted(MODES['proxy']!).request.filter((hop) => 'mss' in hop)).toEqual([]);
});

test.each(['dnat', 'proxy'])(
  '%s: a link of the L4 that is too narrow drops large packets, unless the MSS of both ends is clamped',
  (mode) => {
    for (const bytes of [{ requestBytes: 20_000 }, { replyBytes: 20_000 }]) {
      expect(predicted(MODES[mode]!, bytes).cause).toMatchObject({ code: 'too-big' });
      expect(predicted({ ...MODES[mode]!, mssClamp: 'auto' }, bytes).outcome).toBe('works');
    }
  },
);

test.each(['dsr', 'l3dsr'])("%s: the client's MSS stays, because the reply bypasses the L4", (mode) => {
  expect(predicted({ ...MODES[mode]!, mssClamp: 'auto' }, { requestBytes: 20_000 }).cause).toMatchObject({
    code: 'too-big',
    node: 'l2',
  });
});

test('dsr: with a clamped MSS the server sends no more than the narrow path of its replies carries', () => {
  const nodes = {
    l3: { ofInterfaces: { client: { mtu: 1400 } } },
    client: { mtu: 1500 },
    s1: { loopback: ['a'], ...QUIET_ARP, filter: [{ drop: { protocol: 'icmp' as const } }] },
  };
  const outcome = (service: ServiceSketch) => {
    const lab = plan(oneArm({ services: { a: service }, nodes }));
    return predict(lab, { ...flow(lab, 'client', 'a'), replyBytes: 20_000 })[0]!.outcome;
  };
  expect([outcome(MODES['dsr']!), outcome({ ...MODES['dsr']!, mssClamp: 1360 })]).toEqual(['fails', 'works']);
});

test('rules for forwarded packets do not apply to calls of the L4 itself', () => {
  const lab = plan(oneArm({ services: { a: { ...MODES['dnat']!, ownCalls: true, mssClamp: 1200 } } }));
  const { request, reply } = predict(lab, flow(lab, 'l4', 'a'))[0]!;
  expect([output(request), output(reply)]).toEqual([
    [65_495, 65_495],
    [1460, 1460],
  ]);
});

test('IPv6 headers are larger', () => {
  const service = { vip: '2001:db8:5::80', mode: 'dnat' as const, pool: ['s1'], mssClamp: 'auto' as const };
  const nodes = {
    client: { interfaces: { l3: '2001:db8:c::10/64' }, gateway: '2001:db8:c::1' },
    l3: { interfaces: { client: '2001:db8:c::1/64', l2: '2001:db8:5::1/64' } },
    l4: { ...NARROW.l4, interfaces: { l2: '2001:db8:5::2/64' }, gateway: '2001:db8:5::1' },
    l2: NARROW.l2,
    s1: { interfaces: { l2: '2001:db8:5::11/64' }, gateway: '2001:db8:5::2' },
  };
  const lab = plan(oneArm({ services: { a: service }, nodes }));
  const { request, reply } = predict(lab, flow(lab, 'client', 'a'))[0]!;
  expect([output(request), output(reply)]).toEqual([
    [1440, 1340],
    [1440, 1340],
  ]);
});
