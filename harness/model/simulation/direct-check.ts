import type { Packet } from './packet.ts';
import type { Host } from './network.ts';

/** A health check of a dsr or l3dsr server: the load balancer asks the server itself and means the VIP there. */
export interface DirectCheck {
  l4: string;
  /** Its address on the way there. */
  source: string;
  /** Address of the server. */
  server: string;
  vip: string;
  /** Of the service. */
  port: number;
  /** l3dsr: the server turns this value into the VIP. */
  dscp: number | undefined;
}

/** Stands for the service in the load balancer's own stack: an answer from the service's port is nobody's there. */
export const CHECK_PORT = 60000;

/** At egress, where the frame has its MAC already: what stands for VIP and port gives way to them. */
export function askForVip(check: DirectCheck | null, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.dst !== check.server) return packet;
  const dstPort = packet.dstPort === CHECK_PORT ? check.port : packet.dstPort;
  return check.dscp === undefined ? { ...packet, dstPort, dst: check.vip } : { ...packet, dstPort, dscp: check.dscp };
}

/** At ingress, before anything else: the answer comes from the address that was asked. */
export function undoVip(check: DirectCheck | null, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.src !== check.vip || packet.dst !== check.source) return packet;
  return { ...packet, src: check.server, srcPort: packet.protocol === 'icmp' ? packet.srcPort : CHECK_PORT };
}
