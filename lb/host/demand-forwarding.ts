import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { LbConfig } from '../config.ts';
import { LbError } from '../errors.ts';

/** @throws {LbError} `forwarding-off` when a service needs the host to forward, and it does not. */
export async function demandForwarding(config: LbConfig): Promise<void> {
  for (const { name, mode, vip } of config.services) {
    if (mode === 'dsr') continue;
    const file = isIPv6(vip) ? 'ipv6/conf/all/forwarding' : 'ipv4/ip_forward';
    const value = await readFile(`/proc/sys/net/${file}`, 'utf8');
    if (value.trim() !== '0') continue;
    const sysctl = `net.${file.replaceAll('/', '.')}`;
    throw new LbError('forwarding-off', `service ${name} (${mode}) needs IP forwarding: set ${sysctl}=1`);
  }
}
