import type { MacEntry } from './node-state.ts';
import { macKey } from '../../terms/mac-key.ts';
import { otherPortsInVlan } from '../../scenario/lookup.ts';
import { BROADCAST } from './packet.ts';
import type { Frame } from './packet.ts';
import { isDroppedSilently } from './path-mtu.ts';
import { discard, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Host, Network } from './network.ts';
import { crossing } from './trace.ts';

/** Sends a frame out of an interface; frames of `br0` follow the MAC table, or leave through every port. */
export function transmit(run: Run, host: Host, iface: string, frame: Frame): void {
  if (iface === 'br0') {
    forward(run, host, null, frame);
    return;
  }
  if ('packet' in frame && host.ports.includes(iface) && isDroppedSilently(run, host, iface, frame.packet)) return;
  if (!isUp(host, iface)) {
    if ('packet' in frame) discard(run, frame.packet, host.name);
    return;
  }
  const sent = 'packet' in frame ? { ...frame, packet: crossing(frame, host.name, iface, 'out') } : frame;
  run.capture?.({ node: host.name, iface, direction: 'out', frame });
  const far = run.network.wires.get(`${host.name}/${iface}`);
  if (far !== undefined) run.arrivals.push({ ...far, frame: sent });
  else if ('packet' in sent) discard(run, sent.packet, host.name);
}

function isUp({ plan }: Host, iface: string): boolean {
  return plan.interfaces.find(({ name }) => name === iface)?.up !== false;
}

/**
 * A frame arrives at a bridge port: learn its source in the port's VLAN, forward it.
 * Returns true if it is (also) for the bridge itself.
 */
export function receiveAtPort(run: Run, host: Host, port: string, frame: Frame): boolean {
  const { macTable } = stateOf(run, host);
  const key = macKey(frame.srcMac, host.vlans.get(port));
  const before = macTable.get(key);
  if (before?.port !== port) {
    const wasRight = leadsTo(run.network, host, port, frame.srcMac);
    macTable.set(key, { port, movedFrom: before?.port ?? null, wasRight });
  }
  if (isOwnMac(host, port, frame.dstMac)) return true;
  forward(run, host, port, frame);
  return frame.dstMac === BROADCAST && host.devices.has('br0');
}

/** Whether a frame is for the bridge itself: the MAC of `br0`, or of its incoming port. */
function isOwnMac(host: Host, port: string, mac: string): boolean {
  const br0 = host.devices.get('br0');
  return br0 !== undefined && (br0.mac === mac || host.plan.interfaces.some((i) => i.name === port && i.mac === mac));
}

function forward(run: Run, host: Host, from: string | null, frame: Frame): void {
  const vlan = from === null ? undefined : host.vlans.get(from);
  const known = frame.dstMac === BROADCAST ? undefined : stateOf(run, host).macTable.get(macKey(frame.dstMac, vlan));
  if (known === undefined) {
    const ports = host.ports.filter((port) => port !== from && host.vlans.get(port) === vlan);
    for (const port of ports) transmit(run, host, port, frame);
    if (ports.length === 0 && 'packet' in frame) discard(run, frame.packet, host.name);
    return;
  }
  const isOutdated = isOutdatedEntry(run.network, host, frame.dstMac, known);
  const led =
    known.movedFrom === null && !isOutdated
      ? frame
      : misdirected(frame, { bridge: host.name, port: known.port, isOutdated });
  // A bridge never sends a frame back out of its incoming port.
  if (known.port !== from) transmit(run, host, known.port, led);
  else if ('packet' in led) discard(run, led.packet, host.name);
}

function misdirected(frame: Frame, by: { bridge: string; port: string; isOutdated: boolean }): Frame {
  if (!('packet' in frame)) return frame;
  // The first of several switches that learned a wrong port is the cause, but the last of several that were not told of a move.
  if (frame.packet.misdirected?.isOutdated === false && !by.isOutdated) return frame;
  return { ...frame, packet: { ...frame.packet, misdirected: { ...by, mac: frame.dstMac } } };
}

/** Whether an entry was right when learned, but is wrong with the current links. */
export function isOutdatedEntry(network: Network, host: Host, mac: string, { port, wasRight }: MacEntry): boolean {
  return wasRight && !leadsTo(network, host, port, mac);
}

const behind = new WeakMap<Network, Map<string, Set<string>>>();

/** Whether the node with a MAC is behind a port, with the current links. */
function leadsTo(network: Network, { name }: Host, port: string, mac: string): boolean {
  let ports = behind.get(network);
  if (ports === undefined) {
    ports = new Map();
    behind.set(network, ports);
  }
  const key = `${name}/${port}`;
  let macs = ports.get(key);
  if (macs === undefined) {
    macs = macsBehind(network, name, port);
    ports.set(key, macs);
  }
  return macs.has(mac);
}

function macsBehind({ hosts, wires }: Network, name: string, port: string): Set<string> {
  // In a ring of switches, frames may come back to a switch in another of its VLANs.
  const bridgeOf = (host: Host, port: string): string => `${host.name} ${host.vlans.get(port) ?? ''}`;
  const seen = new Set([bridgeOf(hosts.get(name)!, port)]);
  const macs = new Set<string>();
  const open = [`${name}/${port}`];
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const far = wires.get(from);
    const host = far && hosts.get(far.node);
    if (!far || !host) continue;
    const isSwitch = host.ports.length > 0;
    for (const { name: own, mac } of host.plan.interfaces) if (isSwitch || own === far.iface) macs.add(mac);
    if (!isSwitch || seen.has(bridgeOf(host, far.iface))) continue;
    seen.add(bridgeOf(host, far.iface));
    open.push(...otherPortsInVlan(host.plan, far.iface).map((own) => `${far.node}/${own.name}`));
  }
  return macs;
}
