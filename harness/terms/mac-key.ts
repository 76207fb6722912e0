/** Key in a switch's MAC table: each VLAN learns MACs separately. @param vlan absent on switches without VLANs */
export function macKey(mac: string, vlan: number | undefined): string {
  return vlan === undefined ? mac : `${mac} ${vlan}`;
}

/** The MAC of a key. */
export function macOf(key: string): string {
  return key.split(' ')[0]!;
}
