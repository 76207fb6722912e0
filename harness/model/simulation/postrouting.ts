import { portRange } from '../../../lb/terms/port-range.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { confirm, type Connection, type Passing } from './conntrack.ts';
import { hideSource, outsideSources, sourcesFor, translateSource } from './nat.ts';
import { sendTo, type OnLink } from './neighbours.ts';
import type { Host, Route } from './network.ts';
import { backOnPath, type Packet } from './packet.ts';
import { mayRunOut } from './proxy-ports.ts';
import { selectSource } from './routing.ts';
import { die, stateOf } from './run.ts';
import type { Run } from './run.ts';

/** A packet leaves for its next hop: source NAT, then transmission to the neighbour. */
export function leave(run: Run, host: Host, route: Route, { packet, tracked }: Passing): void {
  const state = stateOf(run, host);
  const learned = state.redirects.get(packet.dst);
  const nextHop = { device: host.devices.get(route.device)!, address: learned?.gateway ?? route.via ?? packet.dst };
  if (tracked.state === 'new') {
    const exhausted = chooseSource(run, host, nextHop, {
      connection: tracked.connection,
      isOwn: packet.trace === null,
    });
    if (exhausted !== null) {
      die(run, packet, exhausted);
      return;
    }
  }
  confirm(state.connections, tracked);
  const translated = translateSource(packet, tracked);
  const knownCause = learned && redirectBlame(host, packet, learned);
  const onPath = host.plan.balancer !== null && translated.src !== packet.src ? backOnPath(translated) : translated;
  sendTo(run, host, nextHop, { packet: knownCause ? { ...onPath, knownCause } : onPath });
}

/**
 * Source NAT of a new connection; or the cause, if its proxy IP has no free port and conntrack drops the packet. A
 * retransmission is a new connection again: it may get another proxy IP, and a free port.
 */
function chooseSource(
  run: Run,
  host: Host,
  { device, address }: OnLink,
  { connection, isOwn }: { connection: Connection; isOwn: boolean },
): Cause | null {
  const { service } = connection;
  if (service === null) {
    const [outside] = outsideSources(host, device, address);
    if (outside !== undefined) hideSource(stateOf(run, host).connections, connection, outside);
    return null;
  }
  const hiding = sourcesFor(service, host, device, address);
  // The node's own calls may have the VIP as source: the address of the outgoing interface replaces it (lb/render/nat.ts).
  const [first, ...others] = isOwn && hiding.length === 0 ? [selectSource(host, device, address)] : hiding;
  if (first === undefined) return null;
  const time = `${host.name} ${service.name} ${run.exchange.repeated.size}`;
  const source = run.choices.choose(`proxy ip ${time}`, [first, ...others]);
  const { proxyPorts = null, name } = service;
  if (proxyPorts !== null && mayRunOut(run.network.plan, host.plan.balancer!.config.services, service)) {
    const [free, none] = [false, true];
    const params = { node: host.name, service: name, proxyIps: [source], ports: proxyPorts };
    if (run.choices.choose(`no port ${time}`, [free, none])) return cause('ports-exhausted', 'ports-used-up', params);
  }
  connection.reply = { ...connection.reply, dst: source, dstPort: portWithin(proxyPorts, connection.reply.dstPort) };
  return null;
}

/** The caller's port, if it is one of the proxy IP's ports. */
function portWithin(proxyPorts: string | null, port: number): number {
  if (proxyPorts === null) return port;
  const { first, last } = portRange(proxyPorts);
  return port >= first && port <= last ? port : first;
}

function redirectBlame(host: Host, packet: Packet, { gateway, router }: { gateway: string; router: string }): Cause {
  return cause('redirected', 'redirect-followed', { node: host.name, router, address: packet.dst, gateway });
}
