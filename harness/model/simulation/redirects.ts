import type { Packet } from './packet.ts';
import { isOwnNeighbour, resolve, type OnLink } from './neighbours.ts';
import { lookUp, selectSource } from './routing.ts';
import { stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host, Route } from './network.ts';

/**
 * Whether a router tells neighbours of better ways. In IPv6 nothing switches it off, and a gateway is named by its
 * link-local address or not at all (ndisc_send_redirect of net/ipv6/ndisc.c): gateways of labs have global ones.
 */
export function sendsRedirects(device: Device, { via }: Route, { dst }: Packet): boolean {
  return dst.includes(':') ? via === null : device.settings.sendRedirects;
}

/** The ICMP redirect that a router sends about a packet which leaves by the interface it came by; one a neighbour. */
export function redirectAbout(run: Run, router: Host, packet: Packet, gateway: OnLink): Packet | null {
  const { redirected } = stateOf(run, router);
  // The first six in a row are within the rate limit of IPv6 (inet_peer_xrlim_allow).
  if (redirected.has(packet.src) && !packet.src.includes(':')) return null;
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
    src: selectSource(router, gateway.device, dst),
    dst,
    about: packet,
    redirect: { router: router.name, gateway: gateway.address },
  };
}

/**
 * __ip_do_redirect of net/ipv4/route.c: accepted only from the gateway in use, and only where the better one is a
 * neighbour already; one that is not is asked for, so that a later redirect is accepted. A connection that is not established yet (SYN-ACK) takes no notice. In IPv6 the redirect comes from
 * the router's link-local address, which is no gateway in use: only TCP, which does not look at that, believes it
 * (tcp_v6_err; ip6_redirect for the rest).
 */
export function learnRedirect(run: Run, host: Host, device: Device, packet: Packet): void {
  const { redirect, about } = packet;
  if (redirect === undefined || about === undefined || about.step === 'syn-ack') return;
  const { dst } = about;
  const better = { device, address: redirect.gateway };
  const accepted = dst.includes(':')
    ? device.settings.acceptRedirects.v6 && about.protocol === 'tcp' && about.step !== 'reset'
    : device.settings.acceptRedirects.v4 &&
      lookUp(host, dst, about.src)?.via === packet.src &&
      redirect.gateway !== packet.src;
  if (!accepted) return;
  if (!dst.includes(':') && !isOwnNeighbour(run, host, better)) resolve(run, host, better);
  else stateOf(run, host).redirects.set(dst, { gateway: redirect.gateway, router: redirect.router });
}
