import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { LbConfig } from '../terms/config.ts';
import { LbError } from '../terms/errors.ts';
import { MODES } from '../terms/mode.ts';

/** @throws {LbError} `forwarding-off` if a service needs IP forwarding and it is off; `kernel-lacks` without IPv6. */
export async function requireForwarding(config: LbConfig): Promise<void> {
  const forwarding = [
    ...config.services
      .filter(({ mode }) => MODES[mode].handsOver !== 'mac')
      .map(({ name, mode, vip }) => ({ name, mode, address: vip, what: 'VIP' })),
    ...(config.routeServices ?? []).map(({ name, mode, nextHops: [hop] }) => ({
      name,
      mode,
      address: hop!,
      what: 'next hop',
    })),
  ];
  for (const { name, mode, address, what } of forwarding) {
    const file = isIPv6(address) ? 'ipv6/conf/all/forwarding' : 'ipv4/ip_forward';
    const value = await readFile(`/proc/sys/net/${file}`, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new LbError(
        'kernel-lacks',
        `IPv6 is disabled in the kernel (ipv6.disable=1?), but service ${name} has an IPv6 ${what}`,
      );
    });
    if (value.trim() !== '0') continue;
    const sysctl = `net.${file.replaceAll('/', '.')}`;
    throw new LbError('forwarding-off', `service ${name} (${mode}) needs IP forwarding: set ${sysctl}=1`);
  }
}
