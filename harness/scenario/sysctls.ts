import { ROLES } from '../terms/role.ts';
import type { InterfaceSettings } from './interface-settings.ts';
import { sysctlPath } from './sysctl-path.ts';
import type { NodeSettings, LabNode } from './schema.ts';

/** `all`, `default`, or an interface, with its settings. */
interface Scope {
  name: string;
  settings: InterfaceSettings;
}

/**
 * All kernel settings that affect flows, explicitly: a new namespace copies the host's, so nothing may be left to
 * default. Keys are paths below /proc/sys. Order matters: writing ip_forward resets accept_redirects
 * (Documentation/networking/ip-sysctl.rst).
 */
export function sysctls(
  role: LabNode['role'],
  settings: NodeSettings,
  interfaces: Scope[],
  ipv6: boolean,
): Record<string, string> {
  const routes = settings.forwarding ?? ROLES[role].forwards;
  const scopes: Scope[] = [...['all', 'default'].map((name) => ({ name, settings })), ...interfaces];
  const values: Record<string, string> = {
    'net/ipv4/ip_forward': String(Number(routes)),
    // Rate limits would suppress the evidence of a second failure.
    'net/ipv4/icmp_ratelimit': '0',
    ...(ipv6 ? sysctls6(routes, scopes, interfaces) : {}),
    // Last, since it adds link-local addresses, which must follow the other settings.
    'net/ipv6/conf/all/disable_ipv6': String(Number(!ipv6)),
    'net/ipv6/conf/default/disable_ipv6': String(Number(!ipv6)),
  };
  for (const { name, settings: own } of scopes) {
    for (const [key, value] of Object.entries(conf(own))) values[`net/ipv4/conf/${name}/${key}`] = String(value);
  }
  for (const { name, settings: own } of interfaces) {
    // Unanswered ARP fails after 3 × 100 ms instead of 3 × 1 s.
    values[`net/ipv4/neigh/${name}/retrans_time_ms`] = '100';
    values[`net/ipv4/neigh/${name}/delay_first_probe_time`] = '1';
    // A proxy reply would otherwise be delayed by up to 0.8 s.
    if (settings.proxyArp === true || own.proxyArp === true) values[`net/ipv4/neigh/${name}/proxy_delay`] = '0';
  }
  for (const [name, value] of Object.entries(settings.sysctls ?? {})) values[sysctlPath(name)] = String(value);
  return values;
}

function conf(settings: InterfaceSettings): Record<string, number> {
  return {
    rp_filter: settings.rpFilter ?? 0,
    arp_ignore: settings.arpIgnore ?? 0,
    arp_announce: settings.arpAnnounce ?? 0,
    accept_local: Number(settings.acceptLocal ?? false),
    proxy_arp: Number(settings.proxyArp ?? false),
    send_redirects: Number(settings.sendRedirects ?? false),
    accept_redirects: Number(settings.acceptRedirects ?? false),
    secure_redirects: 0,
    // A node whose MAC is set announces itself, so switches learn its port.
    arp_notify: 1,
  };
}

/** The same for IPv6, which has no reverse path filter, no ARP settings and no setting for sending redirects. */
function sysctls6(routes: boolean, scopes: Scope[], interfaces: Scope[]): Record<string, string> {
  const conf = ({ acceptRedirects = false }: InterfaceSettings): Record<string, number> => ({
    accept_redirects: Number(acceptRedirects),
    accept_ra: 0,
    autoconf: 0,
    router_solicitations: 0,
    // Duplicate address detection delays an address by a second, and a DSR VIP is a duplicate by design. A router with
    // a tentative link-local address does not resolve neighbours (ndisc_send_ns).
    accept_dad: 0,
    ndisc_notify: 1,
  });
  const values: Record<string, string> = {
    'net/ipv6/conf/all/forwarding': String(Number(routes)),
    'net/ipv6/icmp/ratelimit': '0',
  };
  for (const { name, settings } of scopes) {
    for (const [key, value] of Object.entries(conf(settings))) values[`net/ipv6/conf/${name}/${key}`] = String(value);
  }
  for (const { name } of interfaces) {
    values[`net/ipv6/neigh/${name}/retrans_time_ms`] = '100';
    values[`net/ipv6/neigh/${name}/delay_first_probe_time`] = '1';
  }
  return values;
}
