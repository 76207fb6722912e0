import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { LabSketch } from './testing/lab-builder.ts';
import {
  CLIENT,
  crossSubnet,
  inLine,
  inLineBridge,
  L3,
  L4,
  oneArm,
  PIP,
  QUIET_ARP,
  VIP_A,
  VIP_B,
} from './testing/labs.ts';

/** One line for each alternative: who was picked, and what came of it. */
function outcomes(sketch: LabSketch, from: string, to: string): string[] {
  const lab = plan(sketch);
  return predict(lab, flow(lab, from, to)).map(({ picked, outcome, cause, findings }) =>
    [
      picked ?? '-',
      outcome,
      ...(cause === null ? [] : [`${cause.code}@${cause.node}`]),
      ...findings.map(({ code }) => code),
    ].join(' '),
  );
}

function sources(sketch: LabSketch, from: string, to: string): (string | null)[] {
  const lab = plan(sketch);
  return predict(lab, flow(lab, from, to)).map(({ sourceSeen }) => sourceSeen);
}

const pool = ['s1', 's2'];
const proxy = { a: { vip: VIP_A, mode: 'proxy' as const, pool, proxyIp: PIP } };
const dnat = { a: { vip: VIP_A, mode: 'dnat' as const, pool } };
const dsr = { a: { vip: VIP_A, mode: 'dsr' as const, pool } };
const dsrServer = { loopback: [VIP_A], ...QUIET_ARP };
/** a on s1 and s2, b on b1, each VIP on the loopback of its own servers. */
const twoPools = {
  services: { ...dsr, b: { vip: VIP_B, mode: 'dsr' as const, pool: ['b1'] } },
  servers: dsrServer,
  nodes: { b1: { loopback: [VIP_B], ...QUIET_ARP } },
};

describe('proxy mode', () => {
  test.each([
    ['gateway l3', oneArm({ services: proxy })],
    ['gateway l4', oneArm({ services: proxy, servers: { gateway: L4 } })],
    ['servers in another subnet', crossSubnet({ services: proxy })],
    ['in-line', inLine({ services: { a: { ...proxy.a, proxyIp: L4 } } })],
  ])('the client works and is hidden: %s', (_name, sketch) => {
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works', 's2 works']);
    expect(sources(sketch, 'client', 'a')).not.toContain(CLIENT);
  });

  test('with an automatic proxy IP the server sees the L4', () => {
    const sketch = oneArm({ services: { a: { ...proxy.a, proxyIp: 'auto' } } });
    expect(sources(sketch, 'client', 'a')).toEqual([L4, L4]);
  });

  test('a server of the pool reaches the VIP, whichever server is picked', () => {
    expect(outcomes(oneArm({ services: proxy }), 's1', 'a')).toEqual(['s1 works', 's2 works']);
    expect(outcomes(crossSubnet({ services: proxy }), 's1', 'a')).toEqual(['s1 works', 's2 works']);
  });
});

describe('dnat without a proxy IP', () => {
  test('works when the reply crosses the L4, and the server sees the client', () => {
    const sketch = oneArm({ services: dnat, servers: { gateway: L4 } });
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works', 's2 works']);
    expect(sources(sketch, 'client', 'a')).toEqual([CLIENT, CLIENT]);
  });

  test('fails when the servers reply through the L3', () => {
    expect(outcomes(oneArm({ services: dnat }), 'client', 'a')).toEqual([
      's1 fails reply-not-from-vip@client',
      's2 fails reply-not-from-vip@client',
    ]);
  });

  test.each([[L3], [L4]])(
    'fails for a server of the pool, with a different cause for each pick (gateway %s)',
    (gateway) => {
      expect(outcomes(oneArm({ services: dnat, servers: { gateway } }), 's1', 'a')).toEqual([
        's1 fails own-address-as-source@s1',
        's2 fails reply-not-from-vip@s1',
      ]);
    },
  );

  test('redirects of the L4 do no harm, because Linux sends none for connections with NAT', () => {
    const on = { sendRedirects: true };
    const sketch = oneArm({
      services: dnat,
      servers: { gateway: L4, acceptRedirects: true },
      nodes: { l4: on, l3: on },
    });
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works', 's2 works']);
  });

  test('in-line: the client works, a server of the pool does not, and with a proxy IP it does', () => {
    expect(outcomes(inLine({ services: dnat }), 'client', 'a')).toEqual(['s1 works', 's2 works']);
    expect(outcomes(inLine({ services: dnat }), 's1', 'a')).toEqual([
      's1 fails own-address-as-source@s1',
      's2 fails reply-not-from-vip@s1',
    ]);
    const withProxyIp = inLine({ services: { a: { ...proxy.a, proxyIp: L4 } } });
    expect(outcomes(withProxyIp, 's1', 'a')).toEqual(['s1 works', 's2 works']);
  });
});

describe('dsr', () => {
  test('works with the VIP on a quiet loopback; the server sees the client, the reply avoids the L4', () => {
    const lab = plan(oneArm({ services: dsr, servers: dsrServer }));
    const predictions = predict(lab, flow(lab, 'client', 'a'));
    expect(predictions.map(({ picked, outcome, sourceSeen }) => [picked, outcome, sourceSeen])).toEqual([
      ['s1', 'works', CLIENT],
      ['s2', 'works', CLIENT],
    ]);
    for (const { request, reply } of predictions) {
      expect(request.map(({ node }) => node)).toContain('l4');
      expect(reply.map(({ node }) => node)).not.toContain('l4');
    }
  });

  test('fails without the VIP on the server, whether or not the server forwards', () => {
    const expected = ['s1 fails vip-not-on-server@s1', 's2 fails vip-not-on-server@s2'];
    expect(outcomes(oneArm({ services: dsr }), 'client', 'a')).toEqual(expected);
    expect(outcomes(oneArm({ services: dsr, servers: { forwarding: true } }), 'client', 'a')).toEqual(expected);
  });

  test('a loopback that answers ARP may bypass the L4: every order of replies is predicted', () => {
    const loud = oneArm({ services: dsr, servers: { loopback: [VIP_A] } });
    const reported = outcomes(loud, 'client', 'a');
    expect(new Set(reported)).toEqual(
      new Set(['s1 works two-owners', 's2 works two-owners', '- works l4-bypassed two-owners']),
    );
    const lab = plan(loud);
    const named = predict(lab, flow(lab, 'client', 'a')).flatMap(({ findings }) =>
      findings.flatMap(({ code, params }) => (code === 'two-owners' ? [params] : [])),
    );
    const owners = ['b1', 'l4', 's1', 's2'];
    expect(named).toContainEqual({ address: VIP_A, asker: 'l3', owners, used: 'l4' });
    expect(named).toContainEqual({ address: VIP_A, asker: 'l3', owners, used: 's2' });
  });

  test('with arp_announce=0 the L3 learns the VIP at the server: the rest of the flow bypasses the L4', () => {
    const sketch = oneArm({ services: dsr, servers: { loopback: [VIP_A], arpIgnore: 1 } });
    expect(outcomes(sketch, 'client', 'a')).toEqual(['s1 works l4-bypassed', 's2 works l4-bypassed']);
  });

  test('fails when the servers are not on a segment of the L4', () => {
    expect(outcomes(crossSubnet({ services: dsr, servers: dsrServer }), 'client', 'a')).toEqual([
      's1 fails server-not-adjacent@l4',
      's2 fails server-not-adjacent@l4',
    ]);
  });

  test('gateway l4: the L4 drops its own VIP as source, unless accept_local is set or it does not own it', () => {
    const through = (l4: object): string[] =>
      outcomes(oneArm({ services: dsr, servers: { ...dsrServer, gateway: L4 }, nodes: { l4 } }), 'client', 'a');
    expect(through({})).toEqual(['s1 fails own-address-as-source@l4', 's2 fails own-address-as-source@l4']);
    expect(through({ vipOwner: false })).toEqual(['s1 works', 's2 works']);
    expect(through({ acceptLocal: true })).toEqual(['s1 works', 's2 works']);
  });

  test('a server that holds the VIP answers itself', () => {
    const lab = plan(oneArm({ services: dsr, servers: dsrServer }));
    const [only, ...others] = predict(lab, flow(lab, 's1', 'a'));
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      picked: null,
      outcome: 'works',
      servedBy: 's1',
      sourceSeen: VIP_A,
      findings: [{ code: 'answered-by-itself', params: { node: 's1', address: VIP_A } }],
    });
    expect(only!.request.map(({ node, iface }) => `${node}/${iface}`)).toEqual(['s1/lo', 's1/lo']);
  });

  test('a server reaches the VIP of another pool and gets the reply directly', () => {
    const sketch = oneArm(twoPools);
    expect(outcomes(sketch, 's1', 'b')).toEqual(['b1 works']);
  });

  test('in-line switch that keeps the source MAC: the client works, a server does not', () => {
    const kept = {
      a: { ...twoPools.services.a, sourceMac: 'keep' as const },
      b: { ...twoPools.services.b, sourceMac: 'keep' as const },
    };
    const sketch = inLineBridge({ ...twoPools, services: kept });
    expect(outcomes(sketch, 'client', 'b')).toEqual(['b1 works']);
    expect(outcomes(sketch, 's1', 'b')).toEqual(['b1 fails mac-moved@l2']);
    expect(outcomes(inLineBridge(twoPools), 's1', 'b')).toEqual(['b1 works']);
  });

  test('one-arm and keeping the source MAC: nothing works', () => {
    const kept = {
      a: { ...dsr.a, sourceMac: 'keep' as const },
      b: { ...twoPools.services.b, sourceMac: 'keep' as const },
    };
    const sketch = oneArm({ ...twoPools, services: kept });
    expect(outcomes(sketch, 'client', 'b')).toEqual(['b1 fails mac-moved@l2']);
    expect(outcomes(sketch, 's1', 'b')).toEqual(['b1 fails mac-moved@l2']);
  });

  test('a shared pool hides the L4 from its own servers', () => {
    const sketch = oneArm({ ...twoPools, nodes: {}, servers: { loopback: [VIP_A, VIP_B], ...QUIET_ARP } });
    expect(outcomes(sketch, 's1', 'b')).toEqual(['- works answered-by-itself']);
  });

  test('the called service in proxy mode, the caller in dsr: works', () => {
    const services = { ...dsr, b: { vip: VIP_B, mode: 'proxy' as const, pool: ['b1'], proxyIp: PIP } };
    const sketch = oneArm({ services, servers: dsrServer, nodes: { b1: {} } });
    expect(outcomes(sketch, 's1', 'b')).toEqual(['b1 works']);
  });

  test('VIP in another subnet than the servers, and a stateful L3 that sees one direction only', () => {
    const vip = '198.51.100.200';
    const sketch = oneArm({
      services: { ...dsr, b: { vip, mode: 'dsr', pool: ['b1'] } },
      nodes: {
        b1: { loopback: [vip], ...QUIET_ARP },
        l3: { routes: [{ to: `${vip}/32`, via: L4 }], firewall: 'stateful' },
      },
    });
    expect(outcomes(sketch, 's1', 'b')).toEqual(['b1 fails half-seen-by-firewall@l3']);
  });
});

test('strict rp_filter on a node with two links', () => {
  const sketch = inLine({ services: {}, nodes: { l4: { rpFilter: 1 } } });
  const { l4, client } = sketch.nodes;
  sketch.links.push(['client', 'l4']);
  l4!.interfaces = { ...l4!.interfaces, client: '192.0.2.2/24' };
  client!.interfaces = { ...client!.interfaces, l4: '192.0.2.1/24' };
  client!.routes = [{ to: '203.0.113.0/24', via: '192.0.2.2' }];
  client!.arpAnnounce = 2;
  const lab = plan(sketch);
  const asked = { ...flow(lab, 'client', 's1'), source: CLIENT };
  expect(predict(lab, asked)[0]!.cause).toMatchObject({ code: 'reverse-path', node: 'l4' });
});
