import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import type { NodePlan } from '../terms/plan.ts';
import { trunkDevice, trunkVlan, untaggedDevice } from '../terms/trunk-interface.ts';
import { ONE_SEGMENT_PER_FRAME } from './one-segment.ts';
import type { WiredInterface } from './protocol.ts';

/**
 * Lines for `ip -batch` that create the interfaces of trunks. VLANs use Linux VLAN devices, whose state is independent
 * (`loose_binding`). Untagged frames get a separate interface, since a capture or rule at the trunk's device would see
 * all frames.
 */
export function trunkCommands(interfaces: WiredInterface[]): string[] {
  const silent = 'addrgenmode none up';
  return interfaces.flatMap(({ name: trunk, carries = [] }) => [
    ...(carries.length === 0 ? [] : [`link set dev ${trunk} ${silent}`]),
    ...carries.flatMap(({ name, mac, vlan }) => {
      const up = `link set dev ${name} mtu ${DEFAULT_MTU} ${ONE_SEGMENT_PER_FRAME} up`;
      if (vlan !== null)
        return [`link add link ${trunk} name ${name} address ${mac} type vlan id ${vlan} loose_binding on`, up];
      const lowerDevice = untaggedDevice(name);
      return [
        `link add name ${name} address ${mac} type veth peer name ${lowerDevice}`,
        `link set dev ${lowerDevice} mtu ${LARGEST_MTU} ${ONE_SEGMENT_PER_FRAME} ${silent}`,
        up,
      ];
    }),
  ]);
}

/** Rules that forward untagged frames between a trunk and their interface; empty without untagged frames. */
export function untaggedRules(interfaces: WiredInterface[]): string {
  const chains = interfaces.flatMap(({ name: trunk, carries = [] }) =>
    carries.flatMap(({ name, vlan }) => {
      if (vlan !== null) return [];
      const lowerDevice = untaggedDevice(name);
      return [chainAt(trunk, `ether type != 8021q fwd to "${lowerDevice}"`), chainAt(lowerDevice, `fwd to "${trunk}"`)];
    }),
  );
  return chains.length === 0 ? '' : `table netdev l4lab_untagged {\n${chains.join('')}}\n`;
}

/**
 * A VLAN device accepts frames of any length, unlike a veth (is_skb_forwardable): longer frames are dropped before the
 * device. Null if the node has no VLAN devices.
 */
export function lengthRules({ interfaces }: NodePlan, lowerDevices: string[]): string | null {
  const tagged = interfaces.flatMap(({ name, mtu = DEFAULT_MTU }) => {
    const [trunk, vlan] = [trunkDevice(name), trunkVlan(name)];
    return vlan === null || !lowerDevices.includes(trunk)
      ? []
      : [{ trunk, rule: `vlan id ${vlan} meta length > ${mtu + 4} drop` }];
  });
  if (tagged.length === 0) return null;
  const chains = [...new Set(tagged.map(({ trunk }) => trunk))].map((trunk) =>
    chainAt(trunk, ...tagged.flatMap((one) => (one.trunk === trunk ? [one.rule] : []))),
  );
  return `table netdev l4lab_lengths {\n${chains.join('')}}\n`;
}

/** Lower devices of trunks, which are not in plans. */
export function lowerDevicesOf(interfaces: WiredInterface[]): string[] {
  return interfaces.flatMap(({ name: trunk, carries = [] }) =>
    carries.length === 0
      ? []
      : [trunk, ...carries.flatMap(({ name, vlan }) => (vlan === null ? [untaggedDevice(name)] : []))],
  );
}

/** Sysctls that keep these devices from having addresses and sending packets. */
export function quietSysctls(lowerDevices: string[]): Record<string, string> {
  return Object.fromEntries(lowerDevices.map((name) => [`net/ipv6/conf/${name}/disable_ipv6`, '1']));
}

/** A chain that runs before all others. */
function chainAt(device: string, ...rules: string[]): string {
  return `  chain ${device} {
    type filter hook ingress device "${device}" priority -500; policy accept;
    ${rules.join('\n    ')}
  }
`;
}
