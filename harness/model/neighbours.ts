import { cause } from '../terms/cause.ts';
import { covers } from './prefix.ts';
import { askForVip } from './direct-check.ts';
import { transmit } from './bridge.ts';
import type { Neighbour, NodeState, Waiting } from './node-state.ts';
import { BROADCAST } from './packet.ts';
import type { Packet } from './packet.ts';
import { selectSource } from './routing.ts';
import { complain, die, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host } from './topology.ts';

/** Stands for the address that every interface has of its own. */
const LINK_LOCAL = 'fe80::';

/** Sends a packet to a neighbour, after asking for its MAC if need be. `srcMac` is the interface's own unless kept. */
export function sendTo(
  run: Run,
  host: Host,
  device: Device,
  nextHop: string,
  packet: Packet,
  srcMac = device.mac,
): void {
  const state = stateOf(run, host);
  const known = state.neighbours.get(key(device.name, nextHop));
  if (known?.mac) {
    emit(run, host, device.name, known.mac, { packet, srcMac });
    return;
  }
  if (known?.failed) {
    unreachable(run, known, packet);
    return;
  }
  if (known) {
    known.waiting.push({ packet, srcMac });
    return;
  }
  ask(run, host, device, nextHop, packet.src).waiting.push({ packet, srcMac });
}

/** Asks for the MAC of a neighbour that is not known yet, for no packet's sake. */
export function resolve(run: Run, host: Host, device: Device, address: string): void {
  if (!stateOf(run, host).neighbours.has(key(device.name, address))) ask(run, host, device, address, '');
}

/** Whether a node knows the MAC of a neighbour. */
export function isOwnNeighbour(run: Run, host: Host, device: Device, address: string): boolean {
  return typeof stateOf(run, host).neighbours.get(key(device.name, address))?.mac === 'string';
}

/** An answer to a request of ours; others than asked for are ignored (arp_accept=0). */
export function noteAnswer(run: Run, host: Host, device: Device, address: string, mac: string): void {
  const entry = stateOf(run, host).neighbours.get(key(device.name, address));
  if (entry !== undefined && !entry.answers.includes(mac)) entry.answers.push(mac);
}

/** A request for an address of ours teaches us who asks, at once (neigh_event_ns). */
export function noteAsker(run: Run, host: Host, device: Device, address: string, mac: string): void {
  const state = stateOf(run, host);
  const entry = state.neighbours.get(key(device.name, address)) ?? addEntry(state, host, device, address);
  settle(run, host, entry, mac);
}

/**
 * Called when nothing is under way any more: settles the first open entry by its answers, or gives it up.
 * False when no entry was open.
 */
export function settleNext(run: Run): boolean {
  for (const [name, state] of run.states) {
    const host = run.topology.hosts.get(name)!;
    for (const entry of state.neighbours.values()) {
      if (entry.mac !== null || entry.failed) continue;
      const [first, ...others] = entry.answers;
      if (first === undefined) giveUp(run, entry);
      else settle(run, host, entry, run.choices.choose(`arp ${name} ${entry.address}`, [first, ...others]));
      return true;
    }
  }
  return false;
}

function settle(run: Run, host: Host, entry: Neighbour, mac: string): void {
  entry.mac = mac;
  entry.failed = false;
  for (const waiting of entry.waiting.splice(0)) emit(run, host, entry.device, mac, waiting);
}

function giveUp(run: Run, entry: Neighbour): void {
  entry.failed = true;
  for (const { packet } of entry.waiting.splice(0)) unreachable(run, entry, packet);
}

function unreachable(run: Run, entry: Neighbour, packet: Packet): void {
  const { node, address, device } = entry;
  const onLink = run.topology.hosts
    .get(node)!
    .devices.get(device)!
    .addresses.some(({ subnet }) => covers(subnet, address));
  if (packet.dsr?.l4 === node && !onLink) {
    die(run, packet, cause('server-not-adjacent', 'server-off-segment', { node, address }));
    return;
  }
  const dropped = run.unanswered.get(address);
  const why = dropped
    ? cause('no-neighbour', 'arp-request-dropped', { node, address, ...dropped })
    : cause('no-neighbour', 'arp-unanswered', { node, address });
  die(run, packet, why);
  const forwarded = packet.trace !== null && packet.dsr?.l4 !== node;
  if (forwarded) complain(run, run.topology.hosts.get(node)!, packet);
}

function emit(run: Run, host: Host, device: string, mac: string, { packet, srcMac }: Waiting): void {
  transmit(run, host, device, { srcMac, dstMac: mac, packet: askForVip(run.check, host, packet) });
}

function ask(run: Run, host: Host, device: Device, targetIp: string, packetSource: string): Neighbour {
  const senderIp = announcedSource(host, device, targetIp, packetSource);
  const arp = { op: 'request' as const, senderMac: device.mac, senderIp, targetIp };
  transmit(run, host, device.name, { srcMac: device.mac, dstMac: BROADCAST, arp });
  return addEntry(stateOf(run, host), host, device, targetIp);
}

function addEntry(state: NodeState, host: Host, device: Device, address: string): Neighbour {
  const entry: Neighbour = {
    node: host.name,
    device: device.name,
    address,
    mac: null,
    answers: [],
    failed: false,
    waiting: [],
  };
  state.neighbours.set(key(device.name, address), entry);
  return entry;
}

/**
 * Who asks. IPv6: the packet's source if it is an address of that very interface, else the link-local one, which teaches
 * nobody anything that matters (ndisc_solicit).
 * arp_announce: 0 puts the packet's own source into the request if it is ours, 1 only within the subnet, 2 never.
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

function key(device: string, address: string): string {
  return `${device} ${address}`;
}
