/** Entry of a switch's MAC table: each VLAN learns MACs by itself. @param vlan absent where the switch has no VLANs */
export function macKey(mac: string, vlan: number | undefined): string {
  return vlan === undefined ? mac : `${mac} ${vlan}`;
}

/** The MAC of an entry. */
export function macOf(key: string): string {
  return key.split(' ')[0]!;
}
