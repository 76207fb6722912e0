import { tunnelMark, tunnelName } from '../../lb/terms/tunnel.ts';
import { plan } from '../model/testing/lab-builder.ts';
import { crossSubnet, VIP_A } from '../model/testing/labs.ts';
import { nodeOf } from '../scenario/lookup.ts';
import { leftTunnels, tunnelsOf } from './tunnels.ts';

const S1 = '198.51.100.141';

describe('tunnels of a node', () => {
  const sketch = crossSubnet({
    services: { a: { vip: VIP_A, mode: 'ipip', pool: ['s1'] } },
    nodes: { s1: { tunnelEnd: ['a'] }, l4: { mtu: 1400 } },
  });
  const of = (name: string) => tunnelsOf(nodeOf(plan(sketch), name));

  test('a load balancer has one to each server, which takes 20 bytes less than the interface that it goes by', () => {
    expect(of('l4')).toEqual([{ name: tunnelName(S1), remote: S1, mtu: 1380 }]);
  });

  test('a server has the end of it at its address', () => {
    expect(of('s1')).toEqual([{ name: 'ipip4', local: S1 }]);
  });

  test('others have none', () => {
    expect([...of('s2'), ...of('l3')]).toEqual([]);
  });
});

test('what a load balancer that was killed has left: its devices and rules, and nobody else’s', () => {
  const name = tunnelName(S1);
  const mark = tunnelMark(S1);
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
  expect(leftTunnels(links, rules)).toEqual([
    `link del ${name}`,
    `rule del pref 0 fwmark ${mark} lookup ${Number(mark)}`,
  ]);
});
