import { linkNameOf } from './link-name.ts';

/** Name of a node's VLAN interface on the trunk to a peer, as in Linux. */
export function trunkInterface(peer: string, vlan: number): string {
  return `${peer}.${vlan}`;
}

/** The VLAN of an interface on a trunk; null for other interfaces. */
export function trunkVlan(iface: string): number | null {
  const [, vlan] = iface.split('.');
  return vlan === undefined ? null : Number(vlan);
}

/**
 * The lower device with a trunk's tagged frames, if the kernel supports tags: the same for `sw`, `sw.10` and `sw.20`.
 * Not in plans.
 */
export function trunkDevice(iface: string): string {
  return `${linkNameOf(iface)}.q`;
}

/** The device that passes untagged frames between it and `sw`. Not in plans. */
export function untaggedDevice(iface: string): string {
  return `${linkNameOf(iface)}.n`;
}

/** Whether a device is a lower device of a trunk, and so not in plans. */
export function isLowerDevice(device: string): boolean {
  return /\.[qn]$/.test(device);
}
