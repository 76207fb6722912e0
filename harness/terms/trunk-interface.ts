import { wordOf } from './link-word.ts';

/** Name of a node's interface for a VLAN of the trunk to a peer, as Linux names it. */
export function trunkInterface(peer: string, vlan: number): string {
  return `${peer}.${vlan}`;
}

/** The VLAN that an interface stands for on a trunk; null for any other one. */
export function trunkVlan(iface: string): number | null {
  const [, vlan] = iface.split('.');
  return vlan === undefined ? null : Number(vlan);
}

/**
 * The device whose frames carry the tags of a trunk, where the kernel makes tags: that of `sw`, `sw.10` and `sw.20` alike. No
 * plan knows it.
 */
export function trunkDevice(iface: string): string {
  return `${wordOf(iface)}.q`;
}

/** The device that takes frames without a tag from there to `sw`, and back. No plan knows it either. */
export function untaggedDevice(iface: string): string {
  return `${wordOf(iface)}.n`;
}

/** Whether a device is none of the interfaces of a plan, but beneath those of a trunk. */
export function isBeneathTrunk(device: string): boolean {
  return /\.[qn]$/.test(device);
}
