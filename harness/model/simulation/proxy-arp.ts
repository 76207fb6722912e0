import { answeredVips } from './address-ownership.ts';
import { forwards } from './device-settings.ts';
import { covers } from '../../scenario/prefix.ts';
import { lookUp } from './routing.ts';
import type { Device, Host } from './network.ts';

/** An ARP request. */
interface Question {
  /** Empty for any requester. */
  asker: string;
  target: string;
}

/**
 * Whether a node answers on an interface for an address that it does not have (arp_fwd_proxy and pneigh_lookup of
 * arp.c).
 */
export function answersForOthers(host: Host, device: Device, question: Question): boolean {
  const { target } = question;
  if (!forwards(device.settings, target)) return false;
  return answersForVip(host, device, target) || answersByRoute(host, device, question);
}

/** VIPs that the load balancer does not own, on the interface whose subnet contains them. */
function answersForVip({ plan: { balancer } }: Host, device: Device, target: string): boolean {
  if (balancer === null || !answeredVips(balancer.config).includes(target)) return false;
  return device.addresses.some(({ subnet }) => subnet.shift > 0n && covers(subnet, target));
}

/** `proxy_arp` of a router: addresses reached through another interface. */
export function answersByRoute(host: Host, { name, settings }: Device, { asker, target }: Question): boolean {
  if (!settings.proxyArp || !forwards(settings, target) || target.includes(':')) return false;
  const route = lookUp(host, target, asker);
  return route !== null && route.device !== name;
}
