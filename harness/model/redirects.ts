import type { Packet } from './packet.ts';
import { isOwnNeighbour } from './neighbours.ts';
import { lookUp, selectSource } from './routing.ts';
import { stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host } from './topology.ts';

/** The ICMP redirect that a router sends about a packet which leaves by the interface it came by; one a neighbour. */
export function redirectAbout(run: Run, router: Host, device: Device, packet: Packet, gateway: string): Packet | null {
  const { redirected } = stateOf(run, router);
  if (redirected.has(packet.src)) return null;
  redirected.add(packet.src);
  const { src: dst, srcPort, dstPort } = packet;
  const base = {
    id: -1,
    step: 'redirect' as const,
    protocol: 'icmp' as const,
    ttl: 64,
    size: 68,
    trace: null,
    srcPort,
    dstPort,
  };
  return {
    ...base,
    src: selectSource(router, device, dst),
    dst,
    about: packet,
    redirect: { router: router.name, gateway },
  };
}

/**
 * __ip_do_redirect of net/ipv4/route.c: believed only from the gateway in use, and only where the better one is a
 * neighbour already. A connection that is not established yet (SYN-ACK) takes no notice.
 */
export function learnRedirect(run: Run, host: Host, device: Device, packet: Packet): void {
  const { redirect, about } = packet;
  if (redirect === undefined || about === undefined || !device.settings.acceptRedirects || about.step === 'syn-ack')
    return;
  const { dst } = about;
  const fromGatewayInUse = lookUp(host, dst)?.via === packet.src && redirect.gateway !== packet.src;
  if (fromGatewayInUse && isOwnNeighbour(run, host, device, redirect.gateway)) {
    stateOf(run, host).redirects.set(dst, { gateway: redirect.gateway, router: redirect.router });
  }
}
