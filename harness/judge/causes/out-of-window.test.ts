import { L4, oneArm, PIP, S1, VIP_A } from '../../model/testing/labs.ts';
import type { Sighting } from '../../terms/sighting.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { CLIENT, evidenceOf, named, segment } from '../testing/evidence.ts';

const PORT = 20000;
const SERVER_BEGAN = 0xf000_0000;
/** 2^30 further than the first byte of data. */
const BEYOND = (SERVER_BEGAN + 1 + 2 ** 30) >>> 0;
const ACKNOWLEDGED = 700;

/** A segment at an interface: `s1 > client`. */
function seen(
  time: number,
  [node, direction]: [string, 'in' | 'out'],
  [src, dst]: [string, string],
  fields: { seq: number; ack?: number; flags: string; payloadLength?: number },
): Sighting {
  const sighting = segment(time, [node, direction, ''], fields);
  const { ip, tcp } = sighting.frame;
  const toServer = dst === S1 || dst === VIP_A;
  const ports = toServer ? { srcPort: PORT, dstPort: 80 } : { srcPort: 80, dstPort: PORT };
  return {
    ...sighting,
    frame: { ...sighting.frame, ip: { ...ip!, src, dst }, tcp: { ...tcp!, ...ports, ack: fields.ack ?? 0 } },
  };
}

function evidence(mode: 'dnat' | 'proxy', packets: Sighting[]): Evidence {
  const proxyIp = mode === 'proxy' ? { proxyIp: PIP } : {};
  const services = { a: { vip: VIP_A, mode, pool: ['s1'], ...proxyIp } };
  const base = evidenceOf(oneArm({ services, servers: { gateway: L4 } }), 'client', 'a');
  return { ...base, flow: { ...base.flow, outOfWindow: 'server' }, packets };
}

const from = (peer: string): [string, string] => [S1, peer];
const opened = (peer: string): Sighting[] => [
  seen(1, ['s1', 'out'], from(peer), { seq: SERVER_BEGAN, flags: 'SA' }),
  seen(2, ['l4', 'in'], from(peer), { seq: SERVER_BEGAN, flags: 'SA' }),
  seen(3, ['l4', 'out'], [VIP_A, CLIENT], { seq: SERVER_BEGAN, flags: 'SA' }),
];
const data = { ack: ACKNOWLEDGED, flags: 'PA', payloadLength: 100 };
const came = (peer: string): Sighting[] => [
  seen(4, ['s1', 'out'], from(peer), { seq: BEYOND, ...data }),
  seen(5, ['l4', 'in'], from(peer), { seq: BEYOND, ...data }),
];
const forwardedUntranslated = [
  seen(6, ['l4', 'out'], from(CLIENT), { seq: BEYOND, ...data }),
  seen(7, ['client', 'in'], from(CLIENT), { seq: BEYOND, ...data }),
];
const reset = (peer: string, seq = ACKNOWLEDGED): Sighting => seen(9, ['s1', 'in'], [peer, S1], { seq, flags: 'R' });

test('forwarded untranslated, and reset by the client', () => {
  expect(
    named(evidence('dnat', [...opened(CLIENT), ...came(CLIENT), ...forwardedUntranslated, reset(CLIENT)])),
  ).toEqual(['out-of-window', 'l4']);
});

test('reset by the load balancer that has the proxy IP', () => {
  expect(named(evidence('proxy', [...opened(PIP), ...came(PIP), reset(PIP)]))).toEqual(['out-of-window', 'l4']);
});

test('not translated by an L4 that balances its own calls, and reset by it', () => {
  const services = { a: { vip: VIP_A, mode: 'dnat' as const, pool: ['s1'], ownCalls: true } };
  const base = evidenceOf(oneArm({ services }), 'l4', 'a');
  const flow = { ...base.flow, outOfWindow: 'server' as const };
  const packets = [...opened(L4).slice(0, 2), ...came(L4), reset(L4)];
  expect(named({ ...base, flow, packets })).toEqual(['out-of-window', 'l4']);
  expect(named({ ...base, flow, packets: packets.slice(0, -1) })[0]).not.toBe('out-of-window');
});

const translated = seen(6, ['l4', 'out'], [VIP_A, CLIENT], { seq: BEYOND, ...data });
test.each<[string, Sighting[]]>([
  ['the reset is about something else', [...came(CLIENT), ...forwardedUntranslated, reset(CLIENT, 5)]],
  ['the reset did not reach the server', [...came(CLIENT), ...forwardedUntranslated]],
  ['it was translated', [...came(CLIENT), translated, reset(CLIENT)]],
  ['no segment was out of the window', [reset(CLIENT)]],
])('not where %s', (_, packets) => {
  expect(named(evidence('dnat', [...opened(CLIENT), ...packets]))[0]).not.toBe('out-of-window');
});
