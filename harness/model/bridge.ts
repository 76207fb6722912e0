import { BROADCAST } from './packet.ts';
import type { Frame } from './packet.ts';
import { isSwallowed } from './path-mtu.ts';
import { discard, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './network.ts';
import { crossing } from './trace.ts';

/** Sends a frame out of an interface; what `br0` sends goes where the MAC table says, else out of every port. */
export function transmit(run: Run, host: Host, iface: string, frame: Frame): void {
  if (iface === 'br0') {
    forward(run, host, null, frame);
    return;
  }
  if ('packet' in frame && host.ports.includes(iface) && isSwallowed(run, host, iface, frame.packet)) return;
  const sent = 'packet' in frame ? { ...frame, packet: crossing(frame, host.name, iface, 'out') } : frame;
  const far = run.network.wires.get(`${host.name}/${iface}`);
  if (far !== undefined) run.arrivals.push({ ...far, frame: sent });
  else if ('packet' in sent) discard(run, sent.packet, host.name);
}

/**
 * A frame arrives at a bridge port: learn its source, pass it on.
 * True where it is (also) for the bridge itself.
 */
export function receiveAtPort(run: Run, host: Host, port: string, frame: Frame): boolean {
  const { macTable } = stateOf(run, host);
  const before = macTable.get(frame.srcMac);
  if (before?.port !== port) macTable.set(frame.srcMac, { port, movedFrom: before?.port ?? null });
  if (isOwnMac(host, port, frame.dstMac)) return true;
  forward(run, host, port, frame);
  return frame.dstMac === BROADCAST && host.devices.has('br0');
}

/** Whether the bridge takes a frame in itself: `br0`'s MAC, or that of the very port it came by. */
function isOwnMac(host: Host, port: string, mac: string): boolean {
  const br0 = host.devices.get('br0');
  return br0 !== undefined && (br0.mac === mac || host.plan.interfaces.some((i) => i.name === port && i.mac === mac));
}

function forward(run: Run, host: Host, from: string | null, frame: Frame): void {
  const known = frame.dstMac === BROADCAST ? undefined : stateOf(run, host).macTable.get(frame.dstMac);
  if (known === undefined) {
    for (const port of host.ports) if (port !== from) transmit(run, host, port, frame);
    return;
  }
  const led = known.movedFrom === null ? frame : misdirected(frame, host.name, known.port);
  // A bridge never sends a frame back out of the port it came by.
  if (known.port !== from) transmit(run, host, known.port, led);
  else if ('packet' in led) discard(run, led.packet, host.name);
}

function misdirected(frame: Frame, bridge: string, port: string): Frame {
  if (!('packet' in frame)) return frame;
  return { ...frame, packet: { ...frame.packet, misdirected: { bridge, mac: frame.dstMac, port } } };
}
