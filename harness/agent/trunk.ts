import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import type { NodePlan } from '../terms/plan.ts';
import { trunkDevice, trunkVlan, untaggedDevice } from '../terms/trunk-interface.ts';
import { ONE_SEGMENT_A_FRAME } from './one-segment.ts';
import type { WiredInterface } from './protocol.ts';

/**
 * Lines for `ip -batch` that make the interfaces of trunks. Those of VLANs are what Linux has for that, and each is up or
 * down by itself (`loose_binding`). Frames without a tag get an interface of their own, since a capture or a rule at the
 * device of the trunk would meet all frames.
 */
export function trunkCommands(interfaces: WiredInterface[]): string[] {
  const silent = 'addrgenmode none up';
  return interfaces.flatMap(({ name: trunk, carries = [] }) => [
    ...(carries.length === 0 ? [] : [`link set dev ${trunk} ${silent}`]),
    ...carries.flatMap(({ name, mac, vlan }) => {
      const up = `link set dev ${name} mtu ${DEFAULT_MTU} ${ONE_SEGMENT_A_FRAME} up`;
      if (vlan !== null)
        return [`link add link ${trunk} name ${name} address ${mac} type vlan id ${vlan} loose_binding on`, up];
      const beneath = untaggedDevice(name);
      return [
        `link add name ${name} address ${mac} type veth peer name ${beneath}`,
        `link set dev ${beneath} mtu ${LARGEST_MTU} ${ONE_SEGMENT_A_FRAME} ${silent}`,
        up,
      ];
    }),
  ]);
}

/** Rules that lead frames without a tag from a trunk to their interface and back; empty where no trunk has such frames. */
export function untaggedRules(interfaces: WiredInterface[]): string {
  const chains = interfaces.flatMap(({ name: trunk, carries = [] }) =>
    carries.flatMap(({ name, vlan }) => {
      if (vlan !== null) return [];
      const beneath = untaggedDevice(name);
      return [chainAt(trunk, `ether type != 8021q fwd to "${beneath}"`), chainAt(beneath, `fwd to "${trunk}"`)];
    }),
  );
  return chains.length === 0 ? '' : `table netdev l4lab_untagged {\n${chains.join('')}}\n`;
}

/**
 * A device for a VLAN takes frames of any length, unlike an end of a wire (is_skb_forwardable): what is longer is dropped
 * before the device sees it. Null where the node has no such device.
 */
export function lengthRules({ interfaces }: NodePlan, beneath: string[]): string | null {
  const tagged = interfaces.flatMap(({ name, mtu = DEFAULT_MTU }) => {
    const [trunk, vlan] = [trunkDevice(name), trunkVlan(name)];
    return vlan === null || !beneath.includes(trunk)
      ? []
      : [{ trunk, rule: `vlan id ${vlan} meta length > ${mtu + 4} drop` }];
  });
  if (tagged.length === 0) return null;
  const chains = [...new Set(tagged.map(({ trunk }) => trunk))].map((trunk) =>
    chainAt(trunk, ...tagged.flatMap((one) => (one.trunk === trunk ? [one.rule] : []))),
  );
  return `table netdev l4lab_lengths {\n${chains.join('')}}\n`;
}

/** Devices that no plan knows. */
export function beneathTrunks(interfaces: WiredInterface[]): string[] {
  return interfaces.flatMap(({ name: trunk, carries = [] }) =>
    carries.length === 0
      ? []
      : [trunk, ...carries.flatMap(({ name, vlan }) => (vlan === null ? [untaggedDevice(name)] : []))],
  );
}

/** They have no addresses, and say nothing of their own. */
export function silence(beneath: string[]): Record<string, string> {
  return Object.fromEntries(beneath.map((name) => [`net/ipv6/conf/${name}/disable_ipv6`, '1']));
}

/** A chain before all others. */
function chainAt(device: string, ...rules: string[]): string {
  return `  chain ${device} {
    type filter hook ingress device "${device}" priority -500; policy accept;
    ${rules.join('\n    ')}
  }
`;
}
