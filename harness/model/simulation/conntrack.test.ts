import fc from 'fast-check';
import { confirm, track, trackRelated } from './conntrack.ts';
import type { Connection } from './conntrack.ts';
import { redirectTo, translateDestination, translateSource } from './nat.ts';
import type { Packet, Step } from './packet.ts';
import { lbConfigSchema } from '../../../lb/terms/config.ts';
import { splitServices } from '../../../lb/terms/split-services.ts';

const service = splitServices(
  lbConfigSchema.parse({
    version: 1,
    services: [
      {
        name: 'a',
        vip: '203.0.113.80',
        port: 80,
        mode: 'proxy',
        proxyIp: 'auto',
        servers: [{ name: 's1', address: '203.0.113.11' }],
      },
    ],
  }),
).services[0]!;

function packet(step: Step, src: string, srcPort: number, dst: string, dstPort: number): Packet {
  return { id: 0, step, protocol: 'tcp', src, srcPort, dst, dstPort, ttl: 64, size: 60, trace: null };
}

const port = fc.integer({ min: 1, max: 65535 });

test('NAT translates replies back', () => {
  fc.assert(
    fc.property(fc.ipV4(), port, fc.ipV4(), port, fc.ipV4(), (client, clientPort, server, serverPort, proxyIp) => {
      fc.pre(client !== proxyIp && server !== '203.0.113.80');
      const table: Connection[] = [];
      const request = packet('syn', client, clientPort, '203.0.113.80', 80);
      const begun = track(table, request);
      if (begun.state !== 'new') throw new Error('a SYN begins a connection');
      redirectTo(begun.connection, service, { address: server, port: serverPort });
      begun.connection.reply = { ...begun.connection.reply, dst: proxyIp };
      confirm(table, begun);
      const there = translateSource(translateDestination(request, begun), begun);
      expect(there).toMatchObject({ src: proxyIp, dst: server, dstPort: serverPort });
      const answer = packet('syn-ack', there.dst, there.dstPort, there.src, there.srcPort);
      const tracked = track(table, answer);
      const back = translateSource(translateDestination(answer, tracked), tracked);
      expect(back).toMatchObject({ src: '203.0.113.80', srcPort: 80, dst: client, dstPort: clientPort });
      const error: Packet = { ...packet('error', server, 0, proxyIp, 0), protocol: 'icmp', about: there };
      const related = trackRelated(table, there);
      const reported = translateSource(translateDestination(error, related), related);
      expect(reported).toMatchObject({ src: '203.0.113.80', dst: client });
      expect(reported.about).toMatchObject({ src: client, srcPort: clientPort, dst: '203.0.113.80', dstPort: 80 });
    }),
  );
});

describe('invalid packets', () => {
  const there = (step: Step): Packet => packet(step, '198.51.100.10', 40000, '203.0.113.80', 80);
  const back = (step: Step): Packet => packet(step, '203.0.113.80', 80, '198.51.100.10', 40000);
  const states = (packets: Packet[]): string[] => {
    const table: Connection[] = [];
    return packets.map((one) => {
      const tracked = track(table, one);
      confirm(table, tracked);
      return tracked.state;
    });
  };

  test('none in a complete exchange', () => {
    const whole = [there('syn'), back('syn-ack'), there('ack'), there('request'), back('reply')];
    expect(states(whole)).toEqual(['new', 'known', 'known', 'known', 'known']);
  });

  test('the ACK after a reply on another path', () => {
    expect(states([there('syn'), there('ack')])).toEqual(['new', 'invalid']);
  });

  test('a reply to a request that was not seen', () => {
    expect(states([back('syn-ack')])).toEqual(['invalid']);
    expect(states([{ ...back('reply'), protocol: 'icmp' }])).toEqual(['invalid']);
    expect(states([{ ...back('reply'), protocol: 'udp' }])).toEqual(['new']);
  });

  test('none in the middle of a connection: it counts as a new one', () => {
    expect(states([there('request'), back('reply')])).toEqual(['new', 'known']);
  });
});
