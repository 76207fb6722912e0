import type { Packet } from './packet.ts';
import { isOwnNeighbour, resolve, type OnLink } from './neighbours.ts';
import { lookUp, selectSource } from './routing.ts';
import { stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Device, Host, Route } from './network.ts';

/**
 * Whether a router sends redirects. IPv6 has no setting for this, and names a gateway only by its link-local address
 * (ndisc_send_redirect of net/ipv6/ndisc.c): gateways of labs have global ones.
 */
export function sendsRedirects(device: Device, { via }: Route, { dst }: Packet): boolean {
  return dst.includes(':') ? via === null : device.settings.sendRedirects;
}

/** The ICMP redirect about a packet that leaves through its incoming interface; one per neighbour. */
export function redirectAbout(run: Run, router: Host, packet: Packet, gateway: OnLink): Packet | null {
  const { redirected } = stateOf(run, router);
  // IPv6's rate limit allows the first six (inet_peer_xrlim_allow).
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
 * __ip_do_redirect of net/ipv4/route.c: accepted only from the gateway in use, and only if the better one is a known
 * neighbour; otherwise it is resolved, so that a later redirect is accepted. A connection that is not established
 * (SYN-ACK) ignores it. In IPv6 the redirect comes from the router's link-local address, which is not the gateway in
 * use: only TCP, which does not check this, accepts it (tcp_v6_err; ip6_redirect for the rest). In IPv4 the one about the first
 * SYN arrives while connect(2) still owns the socket, which ignores it (sock_owned_by_user in tcp_v4_err).
 */
export function learnRedirect(run: Run, host: Host, device: Device, packet: Packet): void {
  const { redirect, about } = packet;
  if (redirect === undefined || about === undefined || about.step === 'syn-ack') return;
  const { dst } = about;
  if (!dst.includes(':') && about.step === 'syn' && run.exchange.repeated.size === 0) return;
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
