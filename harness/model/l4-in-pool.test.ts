import { predict } from './predict.ts';
import { flow, plan, type NodeSketch, type ServiceSketch } from './testing/lab-builder.ts';
import { CLIENT, inLine, L4, oneArm, PIP, S1, VIP_A } from './testing/labs.ts';

const dnat: ServiceSketch = { vip: VIP_A, mode: 'dnat', pool: ['l4'] };
const proxy: ServiceSketch = { ...dnat, mode: 'proxy', proxyIp: PIP };
const LISTENS = { l4: { listeners: ['80/tcp'] } };

/** Outcome, server and the source that it saw; or cause and its node. */
function called(
  from: string,
  service: ServiceSketch,
  { lab = oneArm, nodes = {}, ...settings }: Partial<Parameters<typeof oneArm>[0]> & { lab?: typeof oneArm } = {},
) {
  const built = plan(lab({ services: { a: service }, nodes: { ...LISTENS, ...nodes }, ...settings }));
  return predict(built, flow(built, from, 'a')).map(({ outcome, cause, servedBy, sourceSeen, findings }) =>
    cause === null ? [outcome, servedBy, sourceSeen, ...findings] : [cause.code, cause.node],
  );
}

describe.each([oneArm, inLine])('an L4 in its own pool, %o', (lab) => {
  test.each([
    ['dnat', dnat],
    ['proxy: its source NAT applies to packets that leave', proxy],
  ])('sees the client itself, %s', (_, service) => {
    expect(called('client', service, { lab })).toEqual([['works', 'l4', CLIENT]]);
  });

  test('its call to the VIP stays in the node, from the VIP', () => {
    for (const service of [dnat, proxy])
      expect(called('l4', { ...service, ownCalls: true }, { lab })).toEqual([['works', 'l4', VIP_A]]);
  });
});

test('the request ends at the L4, and the reply comes from the VIP', () => {
  const lab = plan(oneArm({ services: { a: dnat }, nodes: LISTENS }));
  const [{ l4, picked, request, reply }] = predict(lab, flow(lab, 'client', 'a')) as [
    ReturnType<typeof predict>[number],
  ];
  expect([l4, picked]).toEqual(['l4', 'l4']);
  expect(request.at(-1)).toMatchObject({ node: 'l4', direction: 'in', dst: { ip: VIP_A } });
  expect(reply[0]).toMatchObject({ node: 'l4', direction: 'out', src: { ip: VIP_A }, dst: { ip: CLIENT } });
});

test('a server of the pool gets a reply from the VIP only if the L4 itself serves it', () => {
  expect(called('s1', { ...dnat, pool: ['s2', 'l4'] })).toEqual([
    ['reply-not-from-vip', 's1'],
    ['works', 'l4', S1],
  ]);
});

test('a second L4 in dnat: replies of the first one do not pass it, unless it hides the client', () => {
  const l4b: NodeSketch = {
    role: 'l4',
    interfaces: { l2: '203.0.113.3/24' },
    gateway: '203.0.113.1',
    forwarding: true,
  };
  const sketch = (service: ServiceSketch): ReturnType<typeof oneArm> => {
    const lab = oneArm({ services: { a: { ...service, l4: 'l4b' } }, nodes: LISTENS });
    return { ...lab, nodes: { ...lab.nodes, l4b }, links: [...lab.links, ['l4b', 'l2']] };
  };
  const outcome = (service: ServiceSketch): unknown => {
    const lab = plan(sketch(service));
    return predict(lab, flow(lab, 'client', 'a')).map(({ l4, picked, cause, servedBy, sourceSeen }) => [
      l4,
      picked,
      cause?.code ?? [servedBy, sourceSeen],
    ]);
  };
  expect(outcome(dnat)).toEqual([['l4b', 'l4', 'reply-not-from-vip']]);
  expect(outcome(proxy)).toEqual([['l4b', 'l4', ['l4', PIP]]]);
});

test.each<[string, string, ServiceSketch, Record<string, Partial<NodeSketch>>, unknown]>([
  ['nobody listens', 'client', dnat, { l4: { listeners: [] } }, ['refused', 'l4']],
  ['nobody listens, own call', 'l4', { ...dnat, ownCalls: true }, { l4: { listeners: [] } }, ['refused', 'l4']],
  ['its check fails', 'client', { ...dnat, check: 'tcp' }, { l4: { listeners: [] } }, ['no-server-available', 'l4']],
  ['its check works', 'client', { ...proxy, check: 'tcp' }, {}, ['works', 'l4', CLIENT]],
  [
    'its filter sees its own address, not the VIP',
    'client',
    dnat,
    { l4: { ...LISTENS.l4, filter: [{ drop: { to: L4, protocol: 'tcp' } }] } },
    ['filtered', 'l4'],
  ],
])('%s', (_, from, service, nodes, expected) => {
  expect(called(from, service, { nodes })).toEqual([expected]);
});

test.each(['client', 'server'] as const)('a segment of the %s out of window does no harm', (sender) => {
  const lab = plan(oneArm({ services: { a: dnat }, nodes: LISTENS }));
  // The L4 tracks its own segments before the agent puts them out of the window, and drops untranslated ones of others.
  expect(predict(lab, { ...flow(lab, 'client', 'a'), outOfWindow: sender }).map(({ outcome }) => outcome)).toEqual([
    'works',
  ]);
});

test('without `ownCalls`, its call reaches a listener of TCP at the VIP, and none of UDP', () => {
  const itself = { code: 'answered-by-itself', params: { node: 'l4', address: VIP_A } };
  expect(called('l4', dnat)).toEqual([['works', 'l4', VIP_A, itself]]);
  const nodes = { l4: { listeners: ['80/udp'] } };
  const udp: ServiceSketch = { ...dnat, protocol: 'udp' };
  const built = plan(oneArm({ services: { a: udp }, nodes }));
  const outcomeOf = (from: string) =>
    predict(built, flow(built, from, 'a', 'udp')).map(({ outcome, cause }) => cause?.code ?? outcome);
  expect(outcomeOf('l4')).toEqual(['refused']);
  expect(outcomeOf('client')).toEqual(['works']);
});
