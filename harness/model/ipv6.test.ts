import type { Plan } from '../terms/plan.ts';
import { predict } from './predict.ts';
import { flow, plan } from './testing/lab-builder.ts';
import type { NodeSketch, ServiceSketch } from './testing/lab-builder.ts';

const VIP = '2001:db8:1::80';

/** One-arm with IPv6 addresses only. */
function oneArm(service: Omit<ServiceSketch, 'vip' | 'pool'>, server: Partial<NodeSketch>): Plan {
  return plan({
    nodes: {
      client: { role: 'client', interfaces: { l3: '2001:db8:c::10/64' }, gateway: '2001:db8:c::1' },
      l3: { role: 'l3', interfaces: { client: '2001:db8:c::1/64', l2: '2001:db8:1::1/64' }, forwarding: true },
      l2: { role: 'l2' },
      l4: { role: 'l4', interfaces: { l2: '2001:db8:1::2/64' }, gateway: '2001:db8:1::1', forwarding: true },
      s1: { role: 'server', interfaces: { l2: '2001:db8:1::11/64' }, gateway: '2001:db8:1::1', ...server },
      s2: { role: 'server', interfaces: { l2: '2001:db8:1::12/64' }, gateway: '2001:db8:1::1', ...server },
    },
    links: [
      ['client', 'l3'],
      ['l3', 'l2'],
      ['l4', 'l2'],
      ['s1', 'l2'],
      ['s2', 'l2'],
    ],
    services: { web: { vip: VIP, pool: ['s1', 's2'], ...service } },
  });
}

function outcomes(service: Omit<ServiceSketch, 'vip' | 'pool'>, server: Partial<NodeSketch>, from: string): string[] {
  const lab = oneArm(service, server);
  return predict(lab, flow(lab, from, 'web')).map(({ outcome, cause }) => cause?.code ?? outcome);
}

test('proxy, dnat and dsr work as with IPv4', () => {
  expect(outcomes({ mode: 'proxy', proxyIp: '2001:db8:1::fe' }, {}, 's1')).toEqual(['works', 'works']);
  expect(outcomes({ mode: 'dnat' }, { gateway: '2001:db8:1::2' }, 'client')).toEqual(['works', 'works']);
  expect(outcomes({ mode: 'dnat' }, {}, 'client')).toEqual(['reply-not-from-vip', 'reply-not-from-vip']);
  expect(outcomes({ mode: 'dsr' }, {}, 'client')).toEqual(['vip-not-on-server', 'vip-not-on-server']);
});

test('a server that calls from the VIP, because only that has a route, gets no reply: it goes to the L4', () => {
  const lab = oneArm(
    { mode: 'dnat' },
    { gateway: 'none', loopback: [VIP], routes: [{ to: 'default', from: VIP, via: '2001:db8:1::1' }] },
  );
  const [prediction] = predict(lab, flow(lab, 's1', 'client:80'));
  expect(prediction!.request[0]!.src.ip).toBe(VIP);
  expect(prediction!.cause).toMatchObject({
    code: 'connection-unknown',
    node: 'l4',
    detail: { code: 'state-missing' },
  });
});

describe('an echo request over IPv6', () => {
  const pinged = (bytes: number, dontFragment: boolean, iface: string): unknown => {
    const lab = oneArm({ mode: 'dnat' }, {});
    for (const { name, interfaces } of lab.nodes)
      if (name === 'l3') for (const one of interfaces) if (one.name === iface) one.mtu = 1300;
    const ping = {
      ...flow(lab, 'client', 's1', 'icmp'),
      bytes,
      ...(dontFragment ? { dontFragment: true as const } : {}),
    };
    const [{ outcome, cause, findings } = { outcome: '', cause: null, findings: [] }] = predict(lab, ping);
    return outcome === 'works' ? [outcome, ...findings.map(({ code }) => code)] : [cause?.code, cause?.node];
  };

  test('is fragmented only by its sender', () => {
    expect(pinged(1252, true, 'l2')).toEqual(['works']);
    expect(pinged(1253, false, 'l2')).toEqual(['too-big', 'l3']);
    expect(pinged(2000, false, 'l2')).toEqual(['too-big', 'l3']);
    expect(pinged(1453, true, 'l2')).toEqual(['too-big', 'client']);
  });

  test('gets a reply that its sender fragments after a too-big message', () => {
    expect(pinged(1253, true, 'client')).toEqual(['works', 'slow-start']);
  });
});

test('a VIP on the loopback needs no arp settings: neighbour discovery answers for the own interface only', () => {
  expect(outcomes({ mode: 'dsr' }, { loopback: [VIP] }, 'client')).toEqual(['works', 'works']);
});

test('IPv6 drops no packet for its source: a server that gets its own call replies to the wrong socket', () => {
  expect(outcomes({ mode: 'dnat' }, {}, 's1')).toEqual(['reply-not-from-vip', 'reply-not-from-vip']);
});

test('an ICMPv6 error has the address of the interface where the packet arrived', () => {
  const lab = oneArm({ mode: 'dsr' }, { routes: [{ to: '2001:db8:c::/64', via: '2001:db8:1::1' }] });
  const lost = { ...flow(lab, 's1', 'client'), address: '2001:db8:c::99' };
  const [{ reply } = { reply: [] }] = predict(lab, lost);
  expect(reply[0]).toMatchObject({ node: 'l3', src: { ip: '2001:db8:1::1' } });
});

test('a host without forwarding still looks up a route, and reports that it has none', () => {
  const routed = (gateway: boolean) => {
    const lab = oneArm({ mode: 'dsr' }, {});
    const nodeOf = (name: string) => lab.nodes.find((node) => node.name === name)!;
    nodeOf('l3').routes.push({ to: '2001:db8:7::/64', via: '2001:db8:1::11', dev: 'l2' });
    if (!gateway) nodeOf('s1').routes = [{ to: '2001:db8:c::/64', via: '2001:db8:1::1', dev: 'l2' }];
    const [prediction] = predict(lab, { ...flow(lab, 'client', 's1'), address: '2001:db8:7::1' });
    return { cause: prediction?.cause?.code, answer: prediction?.reply[0]?.src.ip };
  };
  expect(routed(true)).toEqual({ cause: 'not-forwarding', answer: undefined });
  expect(routed(false)).toEqual({ cause: 'no-route', answer: '2001:db8:1::11' });
});

test('a server without forwarding announces no VIP on its loopback: it solicits from its own addresses', () => {
  const lab = oneArm({ mode: 'dsr' }, { loopback: [VIP] });
  for (const { findings } of predict(lab, flow(lab, 'client', 'web'))) expect(findings).toEqual([]);
});

describe('redirects', () => {
  /** s1 asks the L4 to pass on what is for its neighbour s2. */
  const pathOf = (accepts: boolean): string[] => {
    const around = { routes: [{ to: '2001:db8:1::12/128', via: '2001:db8:1::2' }] };
    const lab = oneArm({ mode: 'dsr' }, { ...around, listeners: ['80/tcp'] });
    for (const { name, sysctls } of lab.nodes) {
      if (name === 's1') sysctls['net/ipv6/conf/l2/accept_redirects'] = String(Number(accepts));
      if (name === 'l4') lab.nodes.find((node) => node.name === name)!.firewall = 'stateful';
    }
    return predict(lab, flow(lab, 's1', 's2')).map(({ outcome, cause }) => cause?.code ?? outcome);
  };

  test('a router always sends them; a node that accepts them bypasses it from the second packet on', () => {
    expect(pathOf(true)).toEqual(['works']);
    expect(pathOf(false)).toEqual(['half-seen-by-firewall']);
  });
});

test('a redirect about a translated packet changes no route to the VIP', () => {
  const lab = oneArm({ mode: 'dnat' }, {});
  for (const { name, loopback, sysctls } of lab.nodes) {
    if (name === 's1') loopback.push(`${VIP}/128`);
    if (name === 's2') sysctls['net/ipv6/conf/l2/accept_redirects'] = '1';
  }
  const [first] = predict(lab, flow(lab, 's2', 'web')).filter(({ picked }) => picked === 's1');
  expect(first).toMatchObject({ outcome: 'fails', cause: { code: 'reply-not-from-vip' } });
});

describe('two load balancers own one VIP', () => {
  const twins = (
    mode: 'dnat' | 'proxy' | 'dsr',
    l4: Partial<NodeSketch>,
    {
      v4 = false,
      scheduler = 'round-robin',
      checkFromVip = false,
    }: { v4?: boolean; scheduler?: 'round-robin' | 'maglev'; checkFromVip?: boolean } = {},
  ): string[] => {
    const at = (end: string): string => (v4 ? `192.0.2.${end}/24` : `2001:db8:1::${end}/64`);
    const vip = at('80').split('/')[0]!;
    const node = (role: NodeSketch['role'], end: string, more: Partial<NodeSketch> = {}): NodeSketch => ({
      role,
      interfaces: { l2: at(end) },
      ...more,
    });
    const lab = plan({
      nodes: {
        client: node('client', '10'),
        l2: { role: 'l2' },
        l4: node('l4', '2', { forwarding: true, ...l4 }),
        l4b: node('l4', '4', { forwarding: true }),
        s1: node('server', '11', { loopback: mode === 'dsr' ? [vip] : [], arpIgnore: 1 }),
        s2: node('server', '12', { loopback: mode === 'dsr' ? [vip] : [], arpIgnore: 1 }),
      },
      links: ['client', 'l4', 'l4b', 's1', 's2'].map((name) => [name, 'l2']),
      services: {
        web: {
          vip,
          mode,
          scheduler,
          pool: ['s1', 's2'],
          l4: ['l4', 'l4b'],
          ...(mode === 'proxy' ? { proxyIp: 'auto' } : {}),
          ...(checkFromVip ? { check: { type: 'tcp', source: vip } } : {}),
        },
      },
    });
    const all = predict(lab, flow(lab, 'client', 'web'));
    return [
      ...new Set(all.map(({ l4: by, cause }) => `${by}: ${cause === null ? 'works' : `${cause.code}@${cause.node}`}`)),
    ].sort();
  };

  test('IPv6: the last advertisement takes the connection from the first owner, whose server the other does not know', () => {
    const resets = ['s1', 's2'].map((server) => `connection-unknown@${server}`);
    const either = (l4: string): string[] => [...resets.map((why) => `${l4}: ${why}`), `${l4}: works`];
    expect(twins('proxy', {})).toEqual([...either('l4'), ...either('l4b')]);
    expect(twins('dsr', {})).toEqual([...either('l4'), ...either('l4b')]);
  });

  test('IPv6: a stateful firewall that saw no SYN drops the connection', () => {
    expect(twins('proxy', { firewall: 'stateful' })).toEqual([
      'l4: connection-unknown@s1',
      'l4: connection-unknown@s2',
      'l4: works',
      'l4b: half-seen-by-firewall@l4',
      'l4b: works',
    ]);
  });

  test("IPv6: a proxy advertisement does not replace an owner's (override flag)", () => {
    const found = twins('dsr', { vipOwner: false });
    expect(found.filter((line) => line.startsWith('l4b:'))).toEqual(['l4b: works']);
    expect(found).toContain('l4: connection-unknown@s1');
  });

  test('IPv6: a hash of the caller leads to the same server at both', () => {
    expect(twins('dsr', {}, { scheduler: 'maglev' })).toEqual(['l4: works', 'l4b: works']);
  });

  test('IPv4: replies to checks from the VIP come to either, so each may find its servers up or down', () => {
    const either = (l4: string): string[] => [`null: no-server-available@${l4}`, `${l4}: works`];
    expect(twins('proxy', {}, { v4: true, checkFromVip: true })).toEqual([...either('l4'), ...either('l4b')].sort());
  });

  test('IPv4: the first ARP reply is used', () => {
    expect(twins('proxy', { firewall: 'stateful' }, { v4: true })).toEqual(['l4: works', 'l4b: works']);
  });
});

test('without a route, the source closest to the destination is looked up, and may have a route of its own', () => {
  const far = '2001:db8:d::80';
  const call = (loopback: string[]): unknown => {
    const lab = oneArm(
      { mode: 'dnat' },
      { gateway: 'none', loopback, routes: [{ to: 'default', from: far, via: 'l3' }] },
    );
    const called = flow(lab, 's1', 'client');
    const [first] = predict(lab, called);
    return [called.source, first!.request.length > 0, first!.cause?.code];
  };
  expect(call([far])).toEqual([far, true, 'no-route']);
  expect(call(['2001:db8:8000::80', far, '2001:db8:f::80'])).toEqual([far, true, 'no-route']);
  expect(call(['2001:db8:8000::80'])).toEqual(['2001:db8:1::11', false, 'no-route']);
});

test('a dropping route does not end an IPv6 call that may have a route from another source', () => {
  const vip = '2001:db8:8000::80';
  const unreachable = { to: '2001:db8:c::/64', type: 'unreachable' as const };
  const call = (routes: NodeSketch['routes'], loopback: string[]): unknown => {
    const lab = oneArm({ mode: 'dnat' }, { loopback, routes });
    const called = flow(lab, 's1', 'client');
    const [first] = predict(lab, called);
    return [called.source, first!.request.length > 0];
  };
  expect(call([unreachable, { to: 'default', from: vip, via: 'l3' }], [vip])).toEqual([vip, true]);
  expect(call([unreachable], [])).toEqual(['2001:db8:1::11', false]);
  expect(call([{ to: 'default', from: vip, via: 'l3' }], [vip])).toEqual(['2001:db8:1::11', true]);
});
