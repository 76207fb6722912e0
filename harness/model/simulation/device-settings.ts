/**
 * The kernel settings of one interface that decide a flow, with `all` and the interface's own value combined
 * as the kernel combines them (Documentation/networking/ip-sysctl.rst).
 */
export interface DeviceSettings {
  forwarding: { v4: boolean; v6: boolean };
  /** 0 off, 1 strict, 2 loose. */
  rpFilter: number;
  arpIgnore: number;
  arpAnnounce: number;
  acceptLocal: boolean;
  proxyArp: boolean;
  sendRedirects: boolean;
  acceptRedirects: { v4: boolean; v6: boolean };
}

/** Kernel defaults. */
const DEFAULTS: Record<string, number> = { send_redirects: 1, accept_redirects: 1 };

/** Settings of an interface, from the sysctls of its node (keys below /proc/sys, with slashes). */
export function deviceSettings(sysctls: Record<string, string>, device: string): DeviceSettings {
  const read = (scope: string, key: string): number | undefined => {
    const text = sysctls[`net/ipv4/conf/${scope}/${key}`];
    return text === undefined ? undefined : Number(text);
  };
  const all = (key: string): number => read('all', key) ?? DEFAULTS[key] ?? 0;
  const own = (key: string): number => read(device, key) ?? read('default', key) ?? DEFAULTS[key] ?? 0;
  const either = (key: string): boolean => all(key) !== 0 || own(key) !== 0;
  const both = (key: string): boolean => all(key) !== 0 && own(key) !== 0;
  const larger = (key: string): number => Math.max(all(key), own(key));
  const forwarding = {
    v4: (read(device, 'forwarding') ?? Number(sysctls['net/ipv4/ip_forward'] ?? 0)) !== 0,
    v6: sysctls['net/ipv6/conf/all/forwarding'] === '1',
  };
  return {
    forwarding,
    rpFilter: larger('rp_filter'),
    arpIgnore: larger('arp_ignore'),
    arpAnnounce: larger('arp_announce'),
    acceptLocal: either('accept_local'),
    proxyArp: either('proxy_arp'),
    sendRedirects: either('send_redirects'),
    acceptRedirects: {
      v4: forwarding.v4 ? both('accept_redirects') : either('accept_redirects'),
      // Routers accept none, and `all` has no effect (rt6_do_redirect of net/ipv6/route.c).
      v6: !forwarding.v6 && (sysctls[`net/ipv6/conf/${device}/accept_redirects`] ?? '1') === '1',
    },
  };
}

/** Whether packets for an address that arrive on an interface with these settings are forwarded. */
export function forwards({ forwarding }: DeviceSettings, address: string): boolean {
  return address.includes(':') ? forwarding.v6 : forwarding.v4;
}
