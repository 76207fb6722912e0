import { cause, type Cause } from '../../terms/cause.ts';
import type { Findings } from '../../terms/finding.ts';
import type { Plan } from '../../terms/plan.ts';
import { nodesWithMacs } from '../../scenario/lookup.ts';
import { covers } from '../../scenario/prefix.ts';
import { vlanMismatch } from '../../scenario/vlan-mismatch.ts';
import { answeredVips } from './address-ownership.ts';
import { askForVip } from './direct-check.ts';
import { transmit } from './bridge.ts';
import type { Leaving, Neighbour, NodeState } from './node-state.ts';
import { BROADCAST } from './packet.ts';
import type { Packet } from './packet.ts';
import { answersForOthers } from './proxy-arp.ts';
import { selectSource } from './routing.ts';
import { sendIcmpError, die, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host } from './network.ts';

/** An address that is being resolved on an interface. */
export interface OnLink {
  device: Device;
  address: string;
}

/** Represents an interface's own link-local address. */
const LINK_LOCAL = 'fe80::';

/** Sends a packet to a neighbour, after resolving its MAC if necessary. */
export function sendTo(run: Run, host: Host, nextHop: OnLink, leaving: Leaving): void {
  const setByHand = host.neighbours.get(keyOf(nextHop));
  if (setByHand !== undefined) {
    emit(run, host, { ...nextHop, mac: setByHand }, leaving);
    return;
  }
  const known = stateOf(run, host).neighbours.get(keyOf(nextHop));
  if (known?.failed) {
    unreachable(run, known, leaving.packet);
    return;
  }
  const entry = known ?? ask(run, host, nextHop, leaving.packet.src);
  if (entry.mac === null) entry.waiting.push(leaving);
  else emit(run, host, { ...nextHop, mac: entry.mac }, leaving);
}

/**
 * The destination MAC of an answer to a neighbour. ARP replies go to the requesting MAC (arp_process). IPv6
 * advertisements use the node's own neighbour entry, like packets (ndisc_send_na), including static ones.
 */
export function macForAnswer(host: Host, { device, address }: OnLink, asking: string): string {
  return (address.includes(':') ? host.neighbours.get(`${device.name} ${address}`) : undefined) ?? asking;
}

/** Resolves an unknown neighbour without a packet. */
export function resolve(run: Run, host: Host, neighbour: OnLink): void {
  const key = keyOf(neighbour);
  if (!host.neighbours.has(key) && !stateOf(run, host).neighbours.has(key)) ask(run, host, neighbour, '');
}

/** Whether a node knows the MAC of a neighbour. */
export function isOwnNeighbour(run: Run, host: Host, neighbour: OnLink): boolean {
  const key = keyOf(neighbour);
  return host.neighbours.has(key) || typeof stateOf(run, host).neighbours.get(key)?.mac === 'string';
}

/** A reply to our own request; unsolicited ones are ignored (arp_accept=0). */
export function noteAnswer(run: Run, host: Host, neighbour: OnLink, answer: Neighbour['answers'][number]): void {
  const entry = stateOf(run, host).neighbours.get(keyOf(neighbour));
  if (entry !== undefined && !entry.answers.some(({ mac }) => mac === answer.mac)) entry.answers.push(answer);
}

/** An announcement updates existing entries and creates no new ones (arp_accept=0). */
export function noteAnnouncement(run: Run, host: Host, neighbour: OnLink, mac: string): void {
  const entry = stateOf(run, host).neighbours.get(keyOf(neighbour));
  if (entry !== undefined) settle(run, host, entry, mac);
}

/** A request for one of our addresses creates an entry for its sender immediately (neigh_event_ns). */
export function noteRequester(run: Run, host: Host, asker: OnLink, mac: string): void {
  const state = stateOf(run, host);
  const entry = state.neighbours.get(keyOf(asker)) ?? addEntry(state, host, asker);
  settle(run, host, entry, mac);
}

/**
 * Called when no frame is in flight: completes the first open entry with its answers, or fails it.
 * Returns false if no entry was open.
 */
export function settleNext(run: Run): boolean {
  for (const [name, state] of run.states) {
    const host = run.network.hosts.get(name)!;
    for (const entry of state.neighbours.values()) {
      if (entry.mac !== null || entry.failed) continue;
      const [first, ...others] = entry.answers;
      if (first === undefined) {
        giveUp(run, entry);
        return true;
      }
      const used = run.choices.choose(`arp ${name} ${entry.address}`, [first, ...others]);
      if (others.length > 0) run.conflictingAnswers.push(twoOwners(run.network.plan, entry, used.mac));
      settle(run, host, entry, used.mac);
      replace(run, entry, used);
      return true;
    }
  }
  return false;
}

/**
 * IPv4 keeps the first answer for a second (locktime, arp_process). In IPv6 each later answer of an owner replaces the
 * previous one (ndisc_recv_na): packets that waited for the first have already left; the rest uses the last one, which
 * may also come too late for the flow.
 */
function replace(run: Run, entry: Neighbour, first: Neighbour['answers'][number]): void {
  const later = entry.answers.filter((answer) => answer !== first && answer.overrides);
  if (!entry.address.includes(':') || later.length === 0) return;
  entry.mac = run.choices.choose(`later answer ${entry.node} ${entry.address}`, [first, ...later]).mac;
}

function twoOwners(plan: Plan, { node, address, answers }: Neighbour, used: string): Findings['two-owners'] {
  return {
    address,
    asker: node,
    owners: nodesWithMacs(
      plan,
      answers.map(({ mac }) => mac),
    ),
    used: nodesWithMacs(plan, [used])[0]!,
  };
}

function settle(run: Run, host: Host, entry: Neighbour, mac: string): void {
  entry.mac = mac;
  entry.failed = false;
  const device = host.devices.get(entry.device)!;
  const { address } = entry;
  for (const waiting of entry.waiting.splice(0)) emit(run, host, { device, address, mac }, waiting);
}

function giveUp(run: Run, entry: Neighbour): void {
  entry.failed = true;
  for (const { packet } of entry.waiting.splice(0)) unreachable(run, entry, packet);
}

function unreachable(run: Run, entry: Neighbour, packet: Packet): void {
  const { node, address, device } = entry;
  const onLink = run.network.hosts
    .get(node)!
    .devices.get(device)!
    .addresses.some(({ subnet }) => covers(subnet, address));
  if (packet.dsr?.l4 === node && !onLink) {
    die(run, packet, cause('server-not-adjacent', 'server-off-segment', { node, address }));
    return;
  }
  const why =
    vlanMismatch(run.network.plan, node, address) ??
    run.unanswered.get(address)?.(node) ??
    cause('no-neighbour', 'arp-unanswered', { node, address });
  die(run, packet, why);
  const forwarded = packet.trace !== null && packet.dsr?.l4 !== node;
  if (forwarded) sendIcmpError(run, run.network.hosts.get(node)!, packet);
}

function emit(run: Run, host: Host, to: OnLink & { mac: string }, { packet, srcMac }: Leaving): void {
  const { device, mac, address } = to;
  if (run.circumstances.shared.has(address)) run.sharedHops.add(address);
  const knownCause = packet.knownCause ?? outdated(run, host, to);
  const marked = knownCause === null ? packet : { ...packet, knownCause };
  const frame = { srcMac: srcMac ?? device.mac, dstMac: mac, packet: askForVip(run.check, host, marked) };
  transmit(run, host, device.name, frame);
}

/** The cause if a node sends to a MAC whose node has since lost the address, or power. */
export function outdated(
  { network, circumstances }: Pick<Run, 'network' | 'circumstances'>,
  host: Host,
  { mac, address }: { mac: string; address: string },
): Cause | null {
  const node = host.name;
  const has = (other: Host): boolean => !circumstances.off.has(other.name) && holds(other, address);
  const owner = network.byMac.get(mac);
  if (owner !== undefined && has(owner)) return null;
  const holder = [...network.hosts.values()].find(has)?.name ?? null;
  const isSetByHand = [...host.neighbours].some(([key, one]) => one === mac && key.endsWith(` ${address}`));
  const detail = isSetByHand ? 'neighbour-static' : 'neighbour-outdated';
  return cause('stale-neighbour', detail, { node, address, mac, owner: owner?.name ?? null, holder });
}

/** Whether a node has an address, or answers ARP for it. */
function holds(host: Host, address: string): boolean {
  const { owned, devices, plan } = host;
  if (owned.has(address) || (plan.balancer !== null && answeredVips(plan.balancer.config).includes(address)))
    return true;
  return [...devices.values()].some((device) => answersForOthers(host, device, { asker: '', target: address }));
}

function ask(run: Run, host: Host, neighbour: OnLink, packetSource: string): Neighbour {
  const { device, address: targetIp } = neighbour;
  const senderIp = announcedSource(host, device, targetIp, packetSource);
  const arp = { op: 'request' as const, senderMac: device.mac, senderIp, targetIp };
  transmit(run, host, device.name, { srcMac: device.mac, dstMac: BROADCAST, arp });
  return addEntry(stateOf(run, host), host, neighbour);
}

function addEntry(state: NodeState, host: Host, neighbour: OnLink): Neighbour {
  const entry: Neighbour = {
    node: host.name,
    device: neighbour.device.name,
    address: neighbour.address,
    mac: null,
    answers: [],
    failed: false,
    waiting: [],
  };
  state.neighbours.set(keyOf(neighbour), entry);
  return entry;
}

/**
 * Source of the request. IPv6: the packet's source if it is an address of the same interface, else the link-local one, which
 * creates no relevant entries (ndisc_solicit).
 * arp_announce: 0 uses the packet's own source if it is ours, 1 only within the subnet, 2 never.
 */
function announcedSource(host: Host, device: Device, target: string, packetSource: string): string {
  if (target.includes(':')) return device.addresses.some(({ ip }) => ip === packetSource) ? packetSource : LINK_LOCAL;
  const level = device.settings.arpAnnounce;
  const mayUse =
    host.owned.has(packetSource) &&
    (level === 0 ||
      (level === 1 && device.addresses.some(({ subnet }) => covers(subnet, target) && covers(subnet, packetSource))));
  return mayUse ? packetSource : selectSource(host, device, target);
}

function keyOf({ device, address }: OnLink): string {
  return `${device.name} ${address}`;
}
