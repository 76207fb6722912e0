import type { Problem } from '../problem.ts';
import type { NodeSettings } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Fields by kernel setting: each setting has only one way to be written. */
const FIELDS: Record<string, keyof NodeSettings> = {
  ip_forward: 'forwarding',
  forwarding: 'forwarding',
  rp_filter: 'rpFilter',
  arp_ignore: 'arpIgnore',
  arp_announce: 'arpAnnounce',
  accept_local: 'acceptLocal',
  proxy_arp: 'proxyArp',
  send_redirects: 'sendRedirects',
  accept_redirects: 'acceptRedirects',
};

/** Settings that labs depend on: see sysctls.ts. */
const OWN = [
  ...['secure_redirects', 'arp_notify', 'icmp_ratelimit', 'ratelimit', 'disable_ipv6', 'retrans_time_ms'],
  ...['delay_first_probe_time', 'accept_ra', 'autoconf', 'router_solicitations', 'accept_dad', 'ndisc_notify'],
  'proxy_delay',
];

/** Kernel settings that have a field, or that users must not change. @param path of the node's settings */
export function checkSysctls(path: Path, { sysctls = {} }: NodeSettings): Problem[] {
  return Object.keys(sysctls).flatMap((name) => {
    const [, , conf, scope = '', ...rest] = name.split('.');
    const last = name.split('.').at(-1)!;
    const isOfOne = conf === 'conf' && rest.length > 0 && !['all', 'default', 'lo'].includes(scope);
    const field = FIELDS[last];
    const message =
      field !== undefined
        ? `use the field \`${isOfOne ? `interfaces.${[scope, ...rest.slice(0, -1)].join('.')}.` : ''}${field}\``
        : OWN.includes(last)
          ? 'labs set this themselves'
          : null;
    return message === null ? [] : [{ path: [...path, 'sysctls', name], message }];
  });
}
