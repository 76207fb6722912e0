import { predict } from '../predict.ts';
import { flow, plan, type LabSketch, type NodeSketch } from '../testing/lab-builder.ts';
import { oneArm } from '../testing/labs.ts';

/** s1 has a second leg to the router; its default route is there. */
function twoLegs(s1: Partial<NodeSketch>, nodes: Record<string, Partial<NodeSketch>> = {}): LabSketch {
  const back = { interfaces: { l2: '203.0.113.11/24', l3: '192.0.2.11/24' }, gateway: '192.0.2.1' };
  const l3 = { interfaces: { client: '198.51.100.1/24', l2: '203.0.113.1/24', s1: '192.0.2.1/24' } };
  const sketch = oneArm({ services: {}, nodes: { ...nodes, s1: { ...back, ...s1 }, l3: { ...l3, ...nodes['l3'] } } });
  return { ...sketch, links: [...sketch.links, ['l3', 's1']] };
}

function outcome(sketch: LabSketch, from = 'client', to = 's1:80', protocol?: 'tcp' | 'icmp'): unknown[] {
  const lab = plan(sketch);
  const [first, ...others] = predict(lab, flow(lab, from, to, protocol));
  expect(others).toEqual([]);
  const { cause, outcome } = first!;
  return cause === null ? [outcome] : [cause.code, cause.node, cause.detail];
}

function crossed(sketch: LabSketch, from: string, to: string, leg: 'request' | 'reply' = 'reply'): string[] {
  const lab = plan(sketch);
  const [first] = predict(lab, flow(lab, from, to));
  return first![leg].filter(({ direction }) => direction === 'out').map(({ node, iface }) => `${node}/${iface}`);
}

const FRONT = { to: 'default', from: '203.0.113.0/24', via: '203.0.113.1' };

describe('source routing', () => {
  test('a reply uses the route of its source, and source validation looks up that route', () => {
    expect(crossed(twoLegs({}), 'client', 's1:80')[0]).toBe('s1/l3');
    expect(crossed(twoLegs({ routes: [FRONT] }), 'client', 's1:80')[0]).toBe('s1/l2');
    expect(outcome(twoLegs({ rpFilter: 1 }))).toEqual(['reverse-path', 's1', expect.anything()]);
    expect(outcome(twoLegs({ rpFilter: 1, routes: [FRONT] }))).toEqual(['works']);
  });

  test('its table is used first, also for neighbours; without a match the next table is used', () => {
    expect(crossed(twoLegs({ routes: [FRONT] }), 's2', 's1:80')).toEqual(['s1/l2', 'l2/l3', 'l3/l2', 'l2/s2']);
    const near = { to: '203.0.113.0/24', from: '203.0.113.0/24' };
    expect(crossed(twoLegs({ routes: [FRONT, near] }), 's2', 's1:80')).toEqual(['s1/l2', 'l2/s2']);
    const other = { ...FRONT, to: '10.0.0.0/8' };
    expect(crossed(twoLegs({ routes: [other] }), 'client', 's1:80')[0]).toBe('s1/l3');
  });

  test('if two rules match, the one written first applies', () => {
    const wide = { to: 'default', from: '203.0.0.0/16', via: '192.0.2.1' };
    expect(crossed(twoLegs({ routes: [wide, FRONT] }), 'client', 's1:80')[0]).toBe('s1/l3');
    expect(crossed(twoLegs({ routes: [FRONT, wide] }), 'client', 's1:80')[0]).toBe('s1/l2');
  });

  test('a call selects its source with the main table, then uses the rule of that source; ping only uses the main table', () => {
    const back = { to: 'default', from: '192.0.2.0/24', via: '203.0.113.1' };
    expect(crossed(twoLegs({ routes: [back] }), 's1', 'client:80', 'request')[0]).toBe('s1/l2');
    const lab = plan(twoLegs({ routes: [back] }));
    const [ping] = predict(lab, flow(lab, 's1', 'client', 'icmp'));
    expect(ping!.request[0]).toMatchObject({ node: 's1', iface: 'l3' });
  });

  test('of several next hops, the first that is picked decides on the source of a call', () => {
    const equal = { to: '198.51.100.0/24', via: ['203.0.113.1', '192.0.2.1'] };
    const lab = plan(twoLegs({ routes: [equal] }));
    const sources = predict(lab, flow(lab, 's1', 'client:80')).map(({ request: [first] }) => first!.src.ip);
    expect([...new Set(sources)].toSorted()).toEqual(['192.0.2.11', '203.0.113.11']);
  });

  test('without a route before a source is selected, no source is selected', () => {
    const alone = twoLegs({ routes: [FRONT], gateway: undefined });
    expect(outcome(alone, 's1', 'client:80')).toEqual(['no-route', 's1', expect.anything()]);
    expect(outcome(alone, 'client', 's1:80')).toEqual(['works']);
  });
});

describe('routes that drop', () => {
  const ends = (type: 'blackhole' | 'unreachable' | 'prohibit') => ({ to: '203.0.113.11/32', type });
  const detail = (node: string, type: string) => ({
    code: 'dead-end',
    params: { node, address: '203.0.113.11', to: '203.0.113.11/32', type },
  });

  test.each(['blackhole', 'unreachable', 'prohibit'] as const)('%s: the node is the cause', (type) => {
    const atL3 = oneArm({ services: {}, nodes: { l3: { routes: [ends(type)] } } });
    expect(outcome(atL3)).toEqual(['no-route', 'l3', detail('l3', type)]);
    const atCaller = oneArm({ services: {}, nodes: { client: { routes: [ends(type)] } } });
    expect(outcome(atCaller)).toEqual(['no-route', 'client', detail('client', type)]);
  });

  test('a blackhole drops silently, the others notify the caller', () => {
    const answer = (type: 'blackhole' | 'unreachable'): string[] =>
      crossed(oneArm({ services: {}, nodes: { l3: { routes: [ends(type)] } } }), 'client', 's1:80');
    expect(answer('blackhole')).toEqual([]);
    expect(answer('unreachable')).toEqual(['l3/client']);
  });

  test('a route with a longer prefix wins; one with a source only applies to packets from there', () => {
    const wide = { to: 'default', type: 'blackhole' as const };
    expect(outcome(oneArm({ services: {}, nodes: { l3: { routes: [wide] } } }))).toEqual(['works']);
    const ofClient = { ...ends('blackhole'), from: '198.51.100.0/24' };
    const lab = oneArm({ services: {}, nodes: { l3: { routes: [ofClient] } } });
    expect(outcome(lab)[1]).toBe('l3');
    expect(outcome(lab, 's2')).toEqual(['works']);
  });

  test('a dropping route back fails loose rp_filter, and does not matter without rp_filter', () => {
    const drop = { to: '198.51.100.0/24', type: 'blackhole' as const };
    const l4 = (settings: Partial<NodeSketch>): unknown[] =>
      outcome(oneArm({ services: {}, nodes: { s1: { ...settings, routes: [drop] } } }));
    expect(l4({ rpFilter: 2 })[0]).toBe('reverse-path');
    // The request arrives; the answer is what cannot leave.
    expect(l4({})).toEqual(['no-route', 's1', expect.objectContaining({ code: 'dead-end' })]);
  });

  test('they do not affect a load balancer that forwards frames without routing', () => {
    const web = { vip: '203.0.113.80', mode: 'dsr' as const, pool: ['s1'] };
    const lab = oneArm({
      services: { web },
      servers: { loopback: ['203.0.113.80'], arpIgnore: 1 },
      nodes: { l4: { routes: [ends('blackhole')] } },
    });
    expect(outcome(lab, 'client', 'web')).toEqual(['works']);
  });
});
