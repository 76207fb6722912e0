import { type Finding, finding } from '../terms/finding.ts';
import { ICMP } from '../observe/decode.ts';
import type { Frame, Sighting } from '../terms/sighting.ts';
import { balancedBy, nodeWithMac, serviceOf } from '../scenario/lookup.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import { causeOfFailure } from './causes/index.ts';
import { sameSegment, type Evidence } from './evidence/evidence.ts';
import type { Attempt } from '../terms/attempt.ts';
import { answeredByTwo } from './two-owners.ts';

/** The result of one attempt of a flow. */
export function judgeAttempt(evidence: Evidence, durationMs: number): Attempt {
  const { client, key, walk, packets, epoch, macTables, counters } = evidence;
  const works = client.answered;
  const servedBy = works ? (client.servedBy ?? walk.reply[0]?.node ?? key.caller) : null;
  const sentAgainMs = works ? retransmittedAfter(evidence, servedBy) : null;
  return {
    token: key.token,
    outcome: works ? 'works' : 'fails',
    client: client.outcome,
    cause: works ? null : causeOfFailure(evidence),
    findings: works
      ? [
          ...detours(evidence, servedBy),
          ...(sentAgainMs === null ? [] : [finding('slow-start', { node: evidence.flow.from })]),
          ...answeredByTwo(evidence).map((params) => finding('two-owners', params)),
        ]
      : [],
    sentAgainMs,
    servedBy,
    ...(answeredByL4(evidence, servedBy) ?? forwardedTo(evidence)),
    // If no packet was on a link, the caller sent to its own address, and the kernel uses the same address as source.
    sourceSeen: works ? (client.sourceSeen ?? walk.request.at(-1)?.src.ip ?? key.address) : null,
    observed: walk,
    packets,
    epoch,
    macTables,
    counters: counters ?? {},
    durationMs,
  };
}

/** Earliest retransmission of Linux, ms (TCP_RTO_MIN of net/tcp.h; its probe of the tail waits as long). */
const MIN_RETRANSMISSION_MS = 180;

/**
 * Time until the caller sent the packet that got through, if the first was lost, ms; a late packet would have arrived by then.
 * Null if nothing was lost.
 */
function retransmittedAfter({ packets, flow }: Evidence, servedBy: string | null): number | null {
  const requests = packets.filter(({ frame }) => isRequest(frame));
  const sent = requests.filter(({ node, direction }) => direction === 'out' && node === flow.from);
  const arrivals = requests.filter(
    ({ node, direction }) => direction === 'in' && node === servedBy && node !== flow.from,
  );
  const waits = sent.flatMap((again) => {
    const first = sent.find(({ iface, frame }) => iface === again.iface && sameRequest(frame, again.frame))!;
    const waitedMs = (again.time - first.time) / 1e6;
    const arrived = arrivals.some(({ time, frame }) => time < again.time && sameRequest(frame, again.frame));
    return waitedMs < MIN_RETRANSMISSION_MS || arrived ? [] : [waitedMs];
  });
  return waits.length === 0 ? null : Math.max(...waits);
}

/** What a caller retransmits without a reply. */
function isRequest({ tcp, udp, icmp }: Frame): boolean {
  if (tcp) return tcp.payloadLength > 0 || tcp.flags === 'S';
  return udp !== undefined || icmp?.type === ICMP.echoRequest;
}

/** All datagrams and echo requests of an attempt are transmissions of the same one. */
function sameRequest(a: Frame, b: Frame): boolean {
  return a.tcp || b.tcp ? sameSegment(a, b) : true;
}

function detours(evidence: Evidence, servedBy: string | null): Finding[] {
  const { walk, flow, plan } = evidence;
  const service = serviceOf(plan, flow);
  if (!service) return [];
  if (servedBy === flow.from && walk.request.length === 0) {
    // An L4 that balances its own calls may pick itself.
    if (ownServiceOf(plan, flow)?.pool.some(({ node }) => node === servedBy) === true) return [];
    return [finding('answered-by-itself', { node: flow.from, address: flow.address })];
  }
  const isBalanced = ({ node }: { node: string }): boolean => balancedBy(service, node);
  if (walk.request.some(isBalanced) && !bypassedL4(isBalanced, servedBy, evidence)) return [];
  return [finding('l4-bypassed', { service: service.name, l4s: service.l4s.map(({ node }) => node) })];
}

/**
 * Whether a later segment of the caller reached the server without crossing an L4 of the service. Segments after the reply may
 * still be in flight when the captures are read.
 */
function bypassedL4(
  isBalanced: (at: Pick<Sighting, 'node'>) => boolean,
  server: string | null,
  { packets, flow }: Evidence,
): boolean {
  // A caller that is one of these L4s sees all its own packets.
  if (isBalanced({ node: flow.from })) return false;
  const came = packets.filter((p) => p.direction === 'in' && p.frame.tcp);
  const arrivals = (name: string | null): Sighting[] => came.filter(({ node }) => node === name);
  const atL4 = came.filter(isBalanced);
  const answered = arrivals(flow.from).findLast(({ frame }) => frame.tcp!.payloadLength > 0)?.time ?? 0;
  return packets.some(
    (sent) =>
      sent.node === flow.from &&
      sent.direction === 'out' &&
      sent.time < answered &&
      sent.frame.tcp &&
      arrivals(server).some(({ frame }) => sameSegment(frame, sent.frame)) &&
      !atL4.some(({ frame }) => sameSegment(frame, sent.frame)),
  );
}

/** An L4 of the pool that answered a call to the VIP has picked itself: the call ended there. Null if none did. */
function answeredByL4({ walk, flow, plan }: Evidence, servedBy: string | null): Pick<Attempt, 'l4' | 'picked'> | null {
  const service = serviceOf(plan, flow);
  const end = walk.request.at(-1);
  const isInPool = servedBy !== null && service?.pool.some(({ node }) => node === servedBy) === true;
  if (!isInPool || !balancedBy(service, servedBy) || flow.protocol === 'icmp') return null;
  const isCalled =
    end === undefined ? ownServiceOf(plan, flow) !== undefined : end.node === servedBy && end.dst.ip === service?.vip;
  return isCalled ? { l4: servedBy, picked: servedBy } : null;
}

/** The L4 that forwarded the request, and its server: by address, or in DSR by MAC. */
export function forwardedTo({
  walk,
  flow,
  plan,
}: Pick<Evidence, 'walk' | 'flow' | 'plan'>): Pick<Attempt, 'l4' | 'picked'> {
  const service = serviceOf(plan, flow);
  if (!service) return { l4: null, picked: null };
  const departures = walk.request.flatMap((hop, index) =>
    balancedBy(service, hop.node) && hop.direction === 'out' ? [{ hop, before: walk.request[index - 1] }] : [],
  );
  // Other L4s of the service may forward the packet; only one changes its destination.
  const translated = departures.findLast(
    ({ hop, before }) => hop.dst.ip !== service.vip && (before === undefined || before.dst.ip === service.vip),
  );
  const left = (translated ?? departures.at(-1))?.hop;
  if (left === undefined) return { l4: null, picked: null };
  // A wrong neighbour entry may send a packet for one server to the MAC of another.
  const taker = left.dst.ip === service.vip ? nodeWithMac(plan, left.dst.mac)?.name : undefined;
  const server = service.pool.find(({ node, address }) => address === left.dst.ip || node === taker);
  return server === undefined ? { l4: null, picked: null } : { l4: left.node, picked: server.node };
}
