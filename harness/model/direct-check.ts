import type { Packet } from './packet.ts';
import type { Run } from './run.ts';
import type { Host } from './topology.ts';

/** A health check of a dsr or l3dsr server: the load balancer asks the server itself and means the VIP there. */
export interface DirectCheck {
  l4: string;
  /** Address of the server. */
  server: string;
  vip: string;
  /** l3dsr: the server turns this value into the VIP. */
  dscp: number | undefined;
}

/** At egress, where the frame has its MAC already: the VIP takes the place of the server's address. */
export function askForVip({ check }: Run, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.dst !== check.server) return packet;
  return check.dscp === undefined ? { ...packet, dst: check.vip } : { ...packet, dscp: check.dscp };
}

/** At ingress, before anything else: the answer comes from the address that was asked. */
export function undoVip({ check, exchange }: Run, host: Host, packet: Packet): Packet {
  if (check?.l4 !== host.name || packet.src !== check.vip || packet.dst !== exchange.source) return packet;
  return { ...packet, src: check.server };
}
