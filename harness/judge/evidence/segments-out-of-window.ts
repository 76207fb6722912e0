import { serviceOf } from '../../scenario/lookup.ts';
import type { FlowPlan, Plan } from '../../terms/plan.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';

/** Distance of sequence numbers that no flow's data reaches, bytes. */
const BEYOND = 2 ** 29;

/** Sightings of segments sent out of window: their number is far beyond the connection's initial one. */
export function segmentsOutOfWindow(plan: Plan, flow: FlowPlan, packets: Sighting[]): Sighting[] {
  const { outOfWindow, port: called } = flow;
  if (outOfWindow === undefined) return [];
  const ports = [called, ...(serviceOf(plan, flow)?.pool.map(({ port }) => port) ?? [])];
  const isSent = ({ tcp }: Frame): boolean =>
    tcp !== undefined && ports.includes(outOfWindow === 'server' ? tcp.srcPort : tcp.dstPort);
  const sent = packets.filter(({ frame }) => isSent(frame));
  const first = sent.find(({ frame }) => frame.tcp!.flags.includes('S'));
  if (first === undefined) return [];
  const distance = ({ frame }: Sighting): number => (frame.tcp!.seq - first.frame.tcp!.seq) >>> 0;
  return sent.filter((one) => one.frame.tcp!.payloadLength > 0 && distance(one) > BEYOND);
}
