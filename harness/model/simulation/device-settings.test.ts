import { deviceSettings } from './device-settings.ts';

function sysctls(all: Record<string, number>, own: Record<string, number>): Record<string, string> {
  const paths = (scope: string, values: Record<string, number>): [string, string][] =>
    Object.entries(values).map(([key, value]) => [`net/ipv4/conf/${scope}/${key}`, String(value)]);
  return Object.fromEntries([...paths('all', all), ...paths('eth', own)]);
}

test('the larger level of the interface and of all interfaces applies', () => {
  for (const [key, setting] of [
    ['rp_filter', 'rpFilter'],
    ['arp_ignore', 'arpIgnore'],
    ['arp_announce', 'arpAnnounce'],
  ] as const) {
    expect(deviceSettings(sysctls({ [key]: 1 }, { [key]: 0 }), 'eth')[setting]).toBe(1);
    expect(deviceSettings(sysctls({ [key]: 1 }, { [key]: 2 }), 'eth')[setting]).toBe(2);
    expect(deviceSettings(sysctls({ [key]: 0 }, { [key]: 2 }), 'other')[setting]).toBe(0);
  }
});

test('a setting is on if the interface or all interfaces enable it', () => {
  for (const [key, setting] of [
    ['accept_local', 'acceptLocal'],
    ['proxy_arp', 'proxyArp'],
    ['send_redirects', 'sendRedirects'],
  ] as const) {
    expect(deviceSettings(sysctls({ [key]: 1 }, { [key]: 0 }), 'eth')[setting]).toBe(true);
    expect(deviceSettings(sysctls({ [key]: 0 }, { [key]: 1 }), 'eth')[setting]).toBe(true);
    expect(deviceSettings(sysctls({ [key]: 0 }, { [key]: 0 }), 'eth')[setting]).toBe(false);
  }
});
