import type { Plan } from './plan.ts';

/** Bytes of an IP packet that carries the largest segment of a connection to or from an address (RFC 9293, 3.7.1). */
export function packetOf(mss: number, address: string): number {
  return mss + headersOf(address);
}

/** Largest segment of a connection to or from an address that fits into an IP packet of so many bytes. */
export function mssOf(packet: number, address: string): number {
  return packet - headersOf(address);
}

/** Headers of a segment without options. */
function headersOf(address: string): number {
  return address.includes(':') ? 60 : 40;
}

/** Whether walks of a plan include the MSS of SYN and SYN-ACK: only if a load balancer may change it. */
export function showsMss({ nodes }: Plan): boolean {
  return nodes.some(({ balancer }) => balancer?.config.services.some(({ mssClamp }) => mssClamp !== undefined));
}
