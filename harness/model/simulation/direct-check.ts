import type { Packet } from './packet.ts';
import type { Host } from './network.ts';

/**
 * A health check of a dsr or l3dsr server: the load balancer connects to the server itself but tests the VIP there.
 */
export interface DirectCheck {
  l4: string;
  /** Source address of the check. */
  source: string;
  /** Address of the server. */
  server: string;
  vip: string;
  /** Port of the service. */
  port: number;
  /** l3dsr: the server turns this value into the VIP. */
  dscp: number | undefined;
}

/** Represents the service in the load balancer's own stack, which has no socket for the service's port. */
export const CHECK_PORT = 60000;

/** At egress, where the frame already has its MAC: replaces server and representing port by VIP and service port. */
export function askForVip(check: DirectCheck | null, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.dst !== check.server) return packet;
  const dstPort = packet.dstPort === CHECK_PORT ? check.port : packet.dstPort;
  return check.dscp === undefined ? { ...packet, dstPort, dst: check.vip } : { ...packet, dstPort, dscp: check.dscp };
}

/** At ingress, before anything else: restores the called address as source of the reply. */
export function undoVip(check: DirectCheck | null, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.src !== check.vip || packet.dst !== check.source) return packet;
  return { ...packet, src: check.server, srcPort: packet.protocol === 'icmp' ? packet.srcPort : CHECK_PORT };
}
