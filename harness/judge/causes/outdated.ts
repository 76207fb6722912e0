import { linkNameOf } from '../../terms/link-name.ts';
import { ICMP } from '../../observe/decode.ts';
import { cause } from '../../terms/cause.ts';
import type { Hop } from '../../terms/walk.ts';
import type { NodePlan, Plan } from '../../terms/plan.ts';
import { balancedBy, nodeOf, nodeWithMac, serviceOf } from '../../scenario/lookup.ts';
import { nextHop } from './next-hop.ts';
import { cutOnPath, isCut, isMacBehindAnother, isMacBehind } from '../../scenario/mac-behind-port.ts';
import { hasPower, planAt } from '../../scenario/plan-at.ts';
import { isDirect } from '../../terms/mode.ts';
import { sameSegment, vanishedAt, type Evidence } from '../evidence/evidence.ts';
import { plansAround, startsBalancer, type Moment } from '../evidence/moment.ts';
import { addressesOf, type Rule } from './rule.ts';

/**
 * A node sent to the MAC of a node that has since lost the address or its power. A load balancer that forwarded the
 * packet anyway did no harm.
 */
export const staleNeighbour: Rule = (evidence) => {
  const { plan, walk, moment } = evidence;
  if (!moment) return null;
  for (const leg of [walk.request, walk.reply]) {
    for (const [index, hop] of leg.entries()) {
      const owner = hop.direction === 'out' ? nodeWithMac(plan, hop.dst.mac) : undefined;
      // A switch in between only forwards frames that another node addressed.
      const isSender = hop.dst.mac !== leg[index - 1]?.dst.mac;
      if (!owner || !isSender || balancedOn(owner, leg.slice(index), evidence)) continue;
      const address = nextHopOf(hop, owner, evidence);
      const holders = moment.holders(address, hop.time ?? 0);
      const isLost =
        holders !== undefined &&
        isMember(plan, owner.name, address) &&
        !holders.includes(owner.name) &&
        !hasAnnounced(owner.name, address, hop, evidence);
      const isStale =
        isLost ||
        hasLost(owner.name, address, evidence) ||
        hasNotTakenYet(owner.name, address, evidence) ||
        isGone(owner.name, leg.slice(index), evidence);
      if (!isStale || hasSentRefusal(owner.name, address, evidence)) continue;
      return cause('stale-neighbour', 'neighbour-outdated', {
        node: hop.node,
        address,
        mac: hop.dst.mac,
        owner: owner.name,
        holder: holders?.find((node) => node !== owner.name) ?? null,
      });
    }
  }
  return null;
};

/** Whether a node's load balancer forwarded the packet to a server. */
export function balancedOn({ name }: NodePlan, hops: Hop[], { plan, flow, moment }: Evidence): boolean {
  const entered = hops.find(({ node, direction }) => node === name && direction === 'in');
  const left = hops.find(({ node, direction }) => node === name && direction === 'out');
  // It may have been stopped since.
  if (nodeOf(moment?.whole ?? plan, name).balancer === null || !entered || !left) return false;
  const service = serviceOf(plan, flow);
  const isHandedOver = service !== undefined && isDirect(service) && entered.dst.ip === service.vip;
  return isHandedOver || entered.src.ip !== left.src.ip || entered.dst.ip !== left.dst.ip;
}

/** Whether a node had announced the address by then, which it does before it reports that it is master. */
function hasAnnounced(name: string, address: string, { time = 0 }: Hop, { packets, moment }: Evidence): boolean {
  return packets.some(
    (one) =>
      one.node === name &&
      one.direction === 'out' &&
      one.frame.arp?.senderIp === address &&
      one.time <= moment!.walkBegins + time,
  );
}

/** Whether a node had an address in an earlier step and lost it. */
function hasLost(name: string, address: string, { plan, moment }: Evidence): boolean {
  const { step, whole } = moment!;
  if (addressesOf(plan, name).includes(address)) return false;
  return Array.from({ length: step + 1 }, (_, index) => index - 1).some((earlier) =>
    addressesOf(planAt(whole, earlier), name).includes(address),
  );
}

/**
 * Whether a node sent a refusal from an address, so it still had it: packets that it translates or forwards entered it
 * before.
 */
function hasSentRefusal(name: string, address: string, { packets }: Evidence): boolean {
  const own = packets.filter(({ node }) => node === name);
  return own.some(
    ({ direction, frame }) =>
      direction === 'out' &&
      frame.ip?.src === address &&
      frame.tcp?.flags.includes('R') === true &&
      !own.some((came) => came.direction === 'in' && sameSegment(came.frame, frame)),
  );
}

/**
 * Whether a load balancer that is being (re)started had not added its address yet: it probed for the address without a
 * reply, or announced it only later.
 */
function hasNotTakenYet(name: string, address: string, { packets, walk, moment }: Evidence): boolean {
  const { walkBegins } = moment!;
  const last = walk.request.at(-1);
  if (!startsBalancer(moment!, name) || last?.node !== name || last.direction !== 'in' || last.dst.ip !== address)
    return false;
  return packets.some(
    ({ node, time, direction, frame: { arp, icmp } }) =>
      node === name &&
      direction === 'out' &&
      ((arp?.op === 'request' && arp.targetIp === address) ||
        (icmp?.type === ICMP.unreachable && icmp.code === HOST_UNREACHABLE && icmp.inner?.dst === address)) &&
      time >= walkBegins + (last.time ?? 0),
  );
}

/** RFC 792. */
const HOST_UNREACHABLE = 1;

/**
 * Whether a node was off: the packet did not arrive there, or got no further than its own end of a wire while it was
 * switched off. An action of a step takes time.
 */
function isGone(name: string, onward: Hop[], { plan, moment, walk }: Evidence): boolean {
  const { step } = moment!;
  const had = [step - 1, step].map((at) => hasPower(plan, at, name));
  if (!had.includes(false)) return false;
  if (!onward.some(({ node }) => node === name)) return true;
  const last = walk.reply.at(-1) ?? walk.request.at(-1);
  return had[0] === true && last?.node === name;
}

function isMember({ pairs = [] }: Plan, node: string, address: string): boolean {
  return pairs.some(
    ({ members, addresses }) =>
      members.some((member) => member.node === node) && addresses.some((one) => one.address === address),
  );
}

/** The address whose MAC the sender looked up: the server's if it forwards by MAC, otherwise the next hop's. */
function nextHopOf(hop: Hop, owner: NodePlan, { plan, flow }: Evidence): string {
  const service = serviceOf(plan, flow);
  const server = service?.pool.find((one) => one.node === owner.name)?.address;
  const isHandedOver = service && isDirect(service) && balancedBy(service, hop.node) && server !== undefined;
  return isHandedOver ? server : nextHop(plan, hop.node, { src: hop.src.ip, dst: hop.dst.ip });
}

/** A switch sent a frame only out of the port where its MAC used to be, though its node is now behind another port. */
export const staleMac: Rule = (evidence) => {
  const { plan, moment } = evidence;
  const ended = vanishedAt(evidence);
  if (!moment || !ended) return null;
  const { mac, ip: address } = ended.hop.dst;
  const owner = nodeWithMac(plan, mac);
  const path = ended.leg === 'reply' ? evidence.walk.reply : evidence.walk.request;
  const left = path.findLast(({ node, direction }) => direction === 'out' && nodeOf(plan, node).bridge);
  if (!owner || left?.dst.mac !== mac || isMacBehind(plan, left, mac) || !wasBehind(moment, left, mac)) return null;
  if (!isMacBehindAnother(plan, left, mac)) return null;
  return cause('stale-mac', 'port-outdated', { node: left.node, owner: owner.name, port: left.iface, address });
};

/** Whether a port led to a MAC before this step. */
function wasBehind({ step, whole }: Moment, port: { node: string; iface: string }, mac: string): boolean {
  return Array.from({ length: step + 1 }, (_, index) => index - 1).some((earlier) =>
    isMacBehind(planAt(whole, earlier), port, mac),
  );
}

/**
 * A frame ended at a wire on its path that was cut, the last one or one between switches: a switch forgets the MACs
 * behind a port that goes down and floods, and no node accepts the frame.
 */
export const cutOff: Rule = (evidence) => {
  const { plan, moment } = evidence;
  const ended = vanishedAt(evidence);
  if (!moment || !ended) return null;
  const { node, iface, direction, dst } = ended.hop;
  const owner = nodeWithMac(plan, dst.mac);
  if (!owner || owner.name === node) return null;
  // Calls in progress before the step repaired it may still be lost.
  for (const at of plansAround(plan, { ...moment, isActing: true })) {
    const here = direction === 'out' && isCut(at, ended.hop) ? { node, peer: linkNameOf(iface) } : null;
    const cut = direction === 'in' ? cutOnPath(at, ended.hop, dst.mac) : here;
    if (cut !== null) return cause('no-neighbour', 'peer-down', { ...cut, address: dst.ip });
  }
  return null;
};
