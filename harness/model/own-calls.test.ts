import { predict } from './predict.ts';
import { flow, plan, type ServiceSketch } from './testing/lab-builder.ts';
import { inLine, L4, oneArm, PIP, S1, VIP_A } from './testing/labs.ts';

const dnat: ServiceSketch = { vip: VIP_A, mode: 'dnat', pool: ['s1'] };
const proxy: ServiceSketch = { ...dnat, mode: 'proxy', proxyIp: PIP };

/** Outcome or cause, its node, and the source that the server saw. */
function called(
  service: ServiceSketch,
  { lab = oneArm, ...settings }: Partial<Parameters<typeof oneArm>[0]> & { lab?: typeof oneArm } = {},
) {
  const built = plan(lab({ services: { a: service }, ...settings }));
  return predict(built, flow(built, 'l4', 'a')).map(({ outcome, cause, servedBy, sourceSeen }) =>
    cause === null ? [outcome, servedBy, sourceSeen] : [cause.code, cause.node],
  );
}

test.each<[string, ServiceSketch, unknown]>([
  ['not balanced: it calls itself', dnat, ['refused', 'l4']],
  ['dnat: from the address of its interface, never from the VIP', { ...dnat, ownCalls: true }, ['works', 's1', L4]],
  ['proxy: from the proxy IP', { ...proxy, ownCalls: true }, ['works', 's1', PIP]],
])('calls of an L4 to its own service, %s', (_, service, expected) => {
  expect(called(service)).toEqual([expected]);
});

test('any server of the pool may be selected, as for other callers', () => {
  const both = called({ ...dnat, pool: ['s1', 's2'], ownCalls: true });
  expect(both.map(([, servedBy]) => servedBy)).toEqual(['s1', 's2']);
});

test('the walk begins with the packet that leaves the L4, and ends with the reply', () => {
  const lab = plan(oneArm({ services: { a: { ...dnat, ownCalls: true } } }));
  const [{ l4, picked, request, reply, findings }] = predict(lab, flow(lab, 'l4', 'a')) as [
    ReturnType<typeof predict>[number],
  ];
  expect([l4, picked, findings]).toEqual(['l4', 's1', []]);
  expect(request[0]).toMatchObject({ node: 'l4', iface: 'l2', direction: 'out', src: { ip: L4 }, dst: { ip: S1 } });
  expect(reply.at(-1)).toMatchObject({ node: 'l4', direction: 'in', src: { ip: S1 }, dst: { ip: L4 } });
});

test('in line, with any gateway of the servers', () => {
  for (const gateway of [L4, 'none'])
    expect(called({ ...dnat, ownCalls: true }, { lab: inLine, servers: { gateway } })).toEqual([
      ['works', 's1', expect.any(String)],
    ]);
});

test.each<[string, Partial<Parameters<typeof oneArm>[0]>, unknown]>([
  ['nobody listens at the server', { nodes: { s1: { listeners: [] } } }, ['refused', 's1']],
  ['the server is gone', { nodes: { s1: { down: ['l2'] } } }, ['no-neighbour', 'l4']],
  ['the L4 drops the answer', { nodes: { l4: { filter: [{ drop: { from: S1 } }] } } }, ['filtered', 'l4']],
])('%s', (_, settings, expected) => {
  expect(called({ ...dnat, ownCalls: true }, settings)).toEqual([expected]);
});

test('without a healthy server the call is refused, although the L4 listens on that port', () => {
  const service: ServiceSketch = { ...dnat, ownCalls: true, check: 'tcp' };
  const nodes = { s1: { listeners: [] }, l4: { listeners: ['80/tcp'] } };
  expect(called(service, { nodes })).toEqual([['no-server-available', 'l4']]);
});

test('TCP sizes segments for lo: an interface with a smaller MTU drops them, and its MTU is never announced', () => {
  const narrow = { l4: { mtu: 1400 }, l2: { ofInterfaces: { l4: { mtu: 1400 } } } };
  const lab = plan(oneArm({ services: { a: { ...dnat, ownCalls: true } }, nodes: narrow }));
  const cause = (bytes: object): unknown[] => {
    const [{ cause: why }] = predict(lab, { ...flow(lab, 'l4', 'a', 'tcp'), ...bytes }) as [
      ReturnType<typeof predict>[number],
    ];
    return [why?.code, why?.node];
  };
  expect(cause({ requestBytes: 5000 })).toEqual(['too-big', 'l4']);
  expect(cause({ replyBytes: 5000 })).toEqual(['too-big', 'l2']);
  expect(cause({})).toEqual([undefined, undefined]);
});
