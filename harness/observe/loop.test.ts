import { plan } from '../model/testing/lab-builder.ts';
import { observedWalk } from './observed-walk.ts';
import type { Sighting } from '../terms/sighting.ts';

test.each([
  ['', []],
  [', when it is sent once more as well', [500]],
])('a packet in a loop is followed until its TTL expires%s', (_, repetitions) => {
  const lab = plan({
    nodes: {
      a: { role: 'l3', interfaces: { b: '203.0.113.1/24' } },
      b: { role: 'l3', interfaces: { a: '203.0.113.2/24' } },
    },
    links: [['a', 'b']],
    services: {},
  });
  const mac = (node: string): string => lab.nodes.find(({ name }) => name === node)!.interfaces[0]!.mac;
  const crossings = Array.from({ length: 64 }, (_, round) => {
    const [from, to] = round % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
    const frame: Sighting['frame'] = {
      srcMac: mac(from),
      dstMac: mac(to),
      length: 98,
      ip: { version: 4, src: '198.51.100.1', dst: '198.51.100.9', ttl: 64 - round, protocol: 1, id: 7, dscp: 0 },
      icmp: { type: 8, code: 0, id: 1, seq: 1 },
      token: 'l4lab-x',
    };
    return [
      { time: round * 2 + 1, node: from, iface: to, direction: 'out', frame },
      { time: round * 2 + 2, node: to, iface: from, direction: 'in', frame },
    ] satisfies Sighting[];
  });
  const again = repetitions.flatMap((later) => crossings.flat().map((seen) => ({ ...seen, time: seen.time + later })));
  const key = {
    caller: 'a',
    protocol: 'icmp' as const,
    address: '198.51.100.9',
    port: 0,
    serverPorts: [],
    sourcePort: 0,
    token: 'l4lab-x',
  };
  const { request } = observedWalk([...crossings.flat(), ...again], key, lab);
  expect(request).toHaveLength(128);
  expect(request.at(-1)).toMatchObject({ node: 'a', direction: 'in', ttl: 1 });
});
