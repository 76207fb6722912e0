/** Name of a node's interface for a VLAN of the trunk to a peer, as Linux names it. */
export function trunkInterface(peer: string, vlan: number): string {
  return `${peer}.${vlan}`;
}

/** The VLAN that an interface stands for on a trunk; null for any other one. */
export function trunkVlan(iface: string): number | null {
  const [, vlan] = iface.split('.');
  return vlan === undefined ? null : Number(vlan);
}
