import type Dockerode from 'dockerode';
import { onHostNetwork } from './host-container.ts';

/** How every interface begins that is a wire of a lab on the engine's host: a sweep and a firewall know it by that. */
export const BRIDGE_PREFIX = 'l4lab';

/** Option of a Docker network that names its interface on the host. */
export const BRIDGE_NAME = 'com.docker.network.bridge.name';

/** The interface of a lab's n-th wire; the kernel takes 15 characters. @param lab the lab's id, 8 characters */
export function bridgeName(lab: string, index: number): string {
  return `${BRIDGE_PREFIX}${lab}${index.toString(36).padStart(2, '0')}`;
}

/** Removes what `strayBridges` finds. @returns their names */
export async function removeStrayBridges(docker: Dockerode, image: string): Promise<string[]> {
  const links = await onHostNetwork(docker, image, { script: 'ip -o link show type bridge', admin: false });
  // Asked afterwards: a network that is there by now was not forgotten.
  const stray = strayBridges(links, await docker.listNetworks());
  await removeBridges(docker, image, stray);
  return stray;
}

/**
 * Bridges of labs that the engine's host has, and no network of the engine: it forgets one whose rules it cannot make.
 * @param links what `ip -o link` prints
 */
export function strayBridges(links: string, networks: { Options?: Record<string, string> | undefined }[]): string[] {
  const known = networks.map(({ Options }) => Options?.[BRIDGE_NAME]);
  const names = [...links.matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name!);
  return names.filter((name) => isBridgeName(name) && !known.includes(name));
}

/** Whether an interface has a name as `bridgeName` makes them. */
export function isBridgeName(name: string): boolean {
  return BRIDGE_NAMES.test(name);
}

const BRIDGE_NAMES = new RegExp(`^${BRIDGE_PREFIX}[0-9a-f]{8}[0-9a-z]{2}$`);

/** Removes interfaces from the engine's host; those that are gone already are no error. */
export async function removeBridges(docker: Dockerode, image: string, names: string[]): Promise<void> {
  if (names.length === 0) return;
  // The run whose bridge it was may remove it at the same time.
  const script =
    'for name; do for try in 1 2; do [ ! -e "/sys/class/net/$name" ] || ip link del "$name" || [ $try = 1 ]; done; done';
  await onHostNetwork(docker, image, { script, args: names, admin: true });
}
