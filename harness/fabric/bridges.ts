import type Dockerode from 'dockerode';
import { onHostNetwork } from './host-container.ts';

/** Prefix of the host interfaces of lab wires, for cleanup and firewall rules. */
export const BRIDGE_PREFIX = 'l4lab';

/** Option of a Docker network that names its interface on the host. */
export const BRIDGE_NAME = 'com.docker.network.bridge.name';

/**
 * Name of the host interface of a lab's n-th wire; at most 15 characters (kernel).
 * @param lab the lab's id, 8 characters
 */
export function bridgeName(lab: string, index: number): string {
  return `${BRIDGE_PREFIX}${lab}${index.toString(36).padStart(2, '0')}`;
}

/** Removes what `strayBridges` finds. @returns their names */
export async function removeStrayBridges(docker: Dockerode, image: string): Promise<string[]> {
  const links = await onHostNetwork(docker, image, { script: 'ip -o link show type bridge', admin: false });
  // Listed afterwards: a network that exists by now is in use.
  const stray = strayBridges(links, await docker.listNetworks());
  await removeBridges(docker, image, stray);
  return stray;
}

/**
 * Lab bridges on the engine's host without a network of the engine: it forgets a network whose rules it cannot create.
 * @param links output of `ip -o link`
 */
export function strayBridges(links: string, networks: { Options?: Record<string, string> | undefined }[]): string[] {
  const known = networks.map(({ Options }) => Options?.[BRIDGE_NAME]);
  const names = [...links.matchAll(/^\d+: ([^:@]+)/gm)].map(([, name]) => name!);
  return names.filter((name) => isBridgeName(name) && !known.includes(name));
}

/** Whether an interface has a name made by `bridgeName`. */
export function isBridgeName(name: string): boolean {
  return BRIDGE_NAMES.test(name);
}

const BRIDGE_NAMES = new RegExp(`^${BRIDGE_PREFIX}[0-9a-f]{8}[0-9a-z]{2}$`);

/** Removes interfaces from the engine's host; ignores missing ones. */
export async function removeBridges(docker: Dockerode, image: string, names: string[]): Promise<void> {
  if (names.length === 0) return;
  // The bridge's own run may remove it at the same time.
  const script =
    'for name; do for try in 1 2; do [ ! -e "/sys/class/net/$name" ] || ip link del "$name" || [ $try = 1 ]; done; done';
  await onHostNetwork(docker, image, { script, args: names, admin: true });
}
