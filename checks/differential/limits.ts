import type { FlowResult } from '../../harness/terms/results.ts';
import type { Attempt } from '../../harness/terms/attempt.ts';
import { host } from '../../harness/scenario/address.ts';
import type { Plan } from '../../harness/terms/plan.ts';

/** Known limits of the model, described in docs/explanation/model.md. */
export type Limit =
  'check-in-between' | 'equal-routes-in-loop' | 'mac-between-ports' | 'pool-changed' | 'small-segment';

/** The limit of the model that explains a difference, or null. */
export function limitOf({ attempts, predicted }: FlowResult, plan: Plan): Limit | null {
  if (hasChecks(plan) && attempts.some((attempt) => askedForVip(attempt, plan) || askedInTwoNames(attempt)))
    return 'check-in-between';
  if (
    predicted.some(({ cause }) => cause?.code === 'mac-moved') &&
    attempts.some((attempt) => gotThrough(attempt, plan))
  )
    return 'mac-between-ports';
  if (predicted.some(({ cause }) => cause?.code === 'too-big') && attempts.some(smallSegment)) return 'small-segment';
  if (attempts.some((attempt) => loopedByEqualRoutes(attempt, predicted, plan))) return 'equal-routes-in-loop';
  const unsteady =
    predicted.some(({ picked }) => picked !== null) &&
    predicted.some(({ cause }) => cause?.code === 'no-server-available');
  return unsteady && attempts.some((attempt) => poolChanged(attempt, plan)) ? 'pool-changed' : null;
}

function hasChecks({ nodes }: Plan): boolean {
  return nodes.some(({ balancer }) => balancer?.config.services.some(({ check }) => check.type !== 'none'));
}

/**
 * A node sent ARP requests for one neighbour from two source addresses, and the first got no answer. A packet of the flow
 * causes a request from its own source if that is an address of the node (`arp_announce` 0); packets of others cause one from
 * another address, which may be answered.
 */
function askedInTwoNames({ packets }: Attempt): boolean {
  const names = new Map<string, string>();
  return packets.some(({ node, direction, frame: { arp } }) => {
    if (direction === 'in' && arp?.op === 'reply') names.delete(`${node} ${arp.senderIp}`);
    if (direction !== 'out' || arp?.op !== 'request') return false;
    const question = `${node} ${arp.targetIp}`;
    const first = names.get(question) ?? arp.senderIp;
    names.set(question, first);
    return first !== arp.senderIp;
  });
}

/** A server sent an ARP request from its VIP, although no packet of the flow for that VIP had reached it. */
function askedForVip({ packets }: Attempt, plan: Plan): boolean {
  return plan.nodes.some(({ name, loopback }) => {
    const here = packets.filter(({ node }) => node === name);
    return loopback
      .map(host)
      .some(
        (vip) =>
          here.some(
            ({ direction, frame: { arp } }) =>
              direction === 'out' && arp?.op === 'request' && arp.senderIp === vip && arp.targetIp !== vip,
          ) && !here.some(({ direction, frame }) => direction === 'in' && frame.ip?.dst === vip),
      );
  });
}

/** A switch sent a segment to one port, and its retransmission to another one, where it was acknowledged. */
function gotThrough({ packets, outcome }: Attempt, { nodes }: Plan): boolean {
  const ports = new Map<string, string>();
  const isMoved = packets.some(({ node, iface, direction, frame: { dstMac, tcp } }) => {
    const isSwitched = direction === 'out' && nodes.some(({ name, bridge }) => name === node && bridge);
    if (!isSwitched || tcp === undefined || tcp.payloadLength === 0) return false;
    const segment = `${node} ${dstMac} ${tcp.srcPort} ${tcp.seq}`;
    const first = ports.get(segment) ?? iface;
    ports.set(segment, first);
    return first !== iface;
  });
  return outcome === 'works' && isMoved;
}

/**
 * A packet of the flow left a node by equal routes more than once, each time with other ports, as NAT gave it new ones. The
 * cause is as predicted.
 */
function loopedByEqualRoutes({ packets, cause }: Attempt, predicted: FlowResult['predicted'], plan: Plan): boolean {
  if (!predicted.some((one) => one.cause?.code === cause?.code)) return false;
  return plan.nodes.some(({ name, routes }) => {
    if (!routes.some(({ others }) => others !== undefined)) return false;
    const left = packets.filter(({ node, direction, frame }) => node === name && direction === 'out' && frame.ip);
    const ports = new Set(left.map(({ frame: { ip, tcp, udp } }) => `${ip!.dst} ${(tcp ?? udp)?.srcPort ?? ''}`));
    const destinations = new Set(left.map(({ frame }) => frame.ip!.dst));
    return ports.size > destinations.size;
  });
}

/** An L4 forwarded a SYN, and refused its retransmission. */
function poolChanged({ packets }: Attempt, plan: Plan): boolean {
  return plan.nodes.some(({ name, balancer }) => {
    const flags = (way: 'in' | 'out'): string[] =>
      packets.flatMap(({ node, direction, frame }) =>
        node === name && direction === way ? [frame.tcp?.flags ?? ''] : [],
      );
    const refused = flags('out').some((sent) => sent.includes('R')) && !flags('in').some((came) => came.includes('R'));
    return balancer !== null && refused && flags('out').includes('S');
  });
}

/** An out-of-window segment reached the node that did not translate it; a larger one, sent before, did not reach it. */
function smallSegment({ packets, cause }: Attempt): boolean {
  if (cause?.code !== 'out-of-window') return false;
  const sizes = (isMeant: (node: string) => boolean): number[] =>
    packets.flatMap(({ node, direction, frame: { tcp } }) =>
      isMeant(node) && direction === 'in' && tcp !== undefined && tcp.payloadLength > 0 ? [tcp.payloadLength] : [],
    );
  const came = sizes((node) => node === cause.node);
  return sizes(() => true).some((size) => came.length > 0 && size > Math.max(...came));
}
