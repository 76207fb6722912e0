import { tunnelMark, tunnelMtu, tunnelName } from '../../lb/terms/tunnel.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { crossSubnet, VIP_A } from '../model/testing/labs.ts';
import { nodeOf } from '../scenario/lookup.ts';
import { leftoverTunnels, tunnelsOf } from './tunnels.ts';

const S1 = '198.51.100.141';
const TUNNEL = { server: S1, carries: 4 } as const;

describe('tunnels of a node', () => {
  const sketch = crossSubnet({
    services: { a: { vip: VIP_A, mode: 'ipip', pool: ['s1'] } },
    nodes: { s1: { tunnelEnd: ['a'] }, l4: { mtu: 1400 } },
  });
  const of = (name: string) => tunnelsOf(nodeOf(plan(sketch), name));

  test('a load balancer has one to each server, with an MTU 20 bytes below that of the interface', () => {
    expect(of('l4')).toEqual([{ name: tunnelName(TUNNEL), carries: [4], remote: S1, mtu: 1380 }]);
  });

  test('a server has a tunnel end at its address', () => {
    expect(of('s1')).toEqual([{ name: 'ipip4', carries: [4], local: S1 }]);
  });

  describe('if VIP and servers have different families', () => {
    const [V4, V6] = ['198.51.100.141', '2001:db8:d::141'];
    const mixed = {
      a: { vip: VIP_A, mode: 'ipip' as const, outer: 'ipv6' as const, pool: ['s1'] },
      b: { vip: '2001:db8::80', mode: 'ipip' as const, outer: 'ipv4' as const, pool: ['s1'] },
      c: { vip: '2001:db8::81', mode: 'ipip' as const, pool: ['s1'] },
    };
    const endsOf = (tunnelEnd: string[]) => {
      const interfaces = { l2: `${V4}/25 ${V6}/64` };
      const l4 = { interfaces: { l3: '203.0.113.2/24 2001:db8::2/64' } };
      const made = plan(crossSubnet({ services: mixed, nodes: { s1: { tunnelEnd, interfaces }, l4 } }));
      return { server: tunnelsOf(nodeOf(made, 's1')), l4: tunnelsOf(nodeOf(made, 'l4')) };
    };

    test('a tunnel end decapsulates packets; over IPv6, one end decapsulates both families', () => {
      expect(endsOf(['b']).server).toEqual([{ name: 'sit4', carries: [6], local: V4 }]);
      expect(endsOf(['a']).server).toEqual([{ name: 'ipip6', carries: [4, 6], local: V6 }]);
    });

    test('the L4 has a tunnel for each, and no MTU is below the minimum of IPv6', () => {
      const of = (server: string, carries: 4 | 6, mtu: number) => {
        return { name: tunnelName({ server, carries }), carries: [carries], remote: server, mtu };
      };
      expect(endsOf([]).l4).toEqual([of(V6, 4, 1460), of(V4, 6, 1480), of(V6, 6, 1460)]);
      expect(tunnelMtu({ server: V4, carries: 6 }, 1290)).toBe(1280);
    });
  });

  test('other nodes have none', () => {
    expect([...of('s2'), ...of('l3')]).toEqual([]);
  });
});

test('removes devices and rules of a killed load balancer, and no others', () => {
  const name = tunnelName(TUNNEL);
  const mark = tunnelMark(TUNNEL);
  const links = [
    '1: lo: <LOOPBACK,UP> mtu 65536',
    '2: eth0@if5: <BROADCAST,UP> mtu 1500',
    `9: ${name}@NONE: <POINTOPOINT,NOARP,UP> mtu 1480`,
  ].join('\n');
  const rules = [
    `0:\tfrom all fwmark ${mark} lookup ${Number(mark)} `,
    '0:\tfrom all lookup local ',
    '900:\tfrom all fwmark 0x7 lookup 7 ',
    '32766:\tfrom all lookup main ',
  ].join('\n');
  expect(leftoverTunnels(links, rules)).toEqual([
    `link del ${name}`,
    `rule del pref 0 fwmark ${mark} lookup ${Number(mark)}`,
  ]);
});
