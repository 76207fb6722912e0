import { host, hostRoute, isV6 } from './address.ts';
import { listenerAt, type Socket } from '../terms/listener.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import type { FlowPlan, InterfacePlan, LinkEnd, NodePlan, Plan, ServicePlan } from '../terms/plan.ts';

/** The service that a flow or stream calls; undefined if it calls a node. */
export function serviceOf(plan: Plan, { to }: Pick<FlowPlan, 'to'>): ServicePlan | undefined {
  return 'service' in to ? plan.services.find(({ name }) => name === to.service) : undefined;
}

/** Whether a node is one of a service's L4s. */
export function balancedBy(service: ServicePlan | undefined, name: string): boolean {
  return service?.l4s.some(({ node }) => node === name) ?? false;
}

/** Source addresses that any of a service's L4s may use toward servers. */
export function proxyIpsOf({ l4s }: ServicePlan): string[] {
  return [...new Set(l4s.flatMap(({ proxyIps }) => proxyIps))];
}

/** A node of the plan, which must exist. */
export function nodeOf(plan: Pick<Plan, 'nodes'>, name: string): NodePlan {
  return plan.nodes.find((node) => node.name === name)!;
}

/**
 * Whether a caller has the VIP that it calls, on its loopback or as the L4 that owns it, so that the call never leaves
 * it.
 */
export function callsItself(plan: Plan, flow: FlowPlan): boolean {
  const { loopback, balancer } = nodeOf(plan, flow.from);
  const isOwner =
    balancer?.config.vipOwner === true &&
    balancedBy(serviceOf(plan, flow), flow.from) &&
    ownServiceOf(plan, flow) === undefined;
  return 'service' in flow.to && (isOwner || loopback.includes(hostRoute(flow.address)));
}

/** Addresses of a node's interfaces, without prefix lengths. */
export function interfaceAddresses(node: Pick<NodePlan, 'interfaces'>): string[] {
  return node.interfaces.flatMap((i) => i.addresses).map(host);
}

/** Addresses that a node lacks while interfaces are down: the kernel then forgets those of IPv6 (addrconf_ifdown). */
export function goneAddresses(
  { interfaces }: Pick<NodePlan, 'interfaces'>,
  isUp = ({ up }: InterfacePlan): boolean => up !== false,
): string[] {
  return interfaceAddresses({ interfaces: interfaces.filter((one) => !isUp(one)) }).filter(isV6);
}

/** Whether the called program replies from an address that its node lacks: it gets the request but cannot reply. */
export function cannotReply(node: NodePlan, called: Socket): boolean {
  const { answersFrom } = listenerAt(node.listeners, called) ?? {};
  return (
    answersFrom !== undefined && isV6(answersFrom) === isV6(called.address) && goneAddresses(node).includes(answersFrom)
  );
}

/** Name of the node with an address on an interface, or null. */
export function ownerOf({ nodes }: Pick<Plan, 'nodes'>, address: string): string | null {
  return nodes.find((node) => interfaceAddresses(node).includes(address))?.name ?? null;
}

/** The node with this MAC. */
export function nodeWithMac({ nodes }: Pick<Plan, 'nodes'>, mac: string): NodePlan | undefined {
  return nodes.find(({ interfaces }) => interfaces.some((i) => i.mac === mac));
}

/** Names of the nodes with these MACs, without duplicates; an unknown MAC is returned itself. */
export function nodesWithMacs(plan: Pick<Plan, 'nodes'>, macs: string[]): string[] {
  return [...new Set(macs.map((mac) => nodeWithMac(plan, mac)?.name ?? mac))].sort();
}

/** The interface at the end of a wire. */
export function interfaceAt({ nodes }: Pick<Plan, 'nodes'>, { node, iface }: LinkEnd): InterfacePlan | undefined {
  return nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === iface);
}

/** Ports that a switch may forward to from one of them: those in the same VLAN. All ports if `iface` is null. */
export function otherPortsInVlan({ bridge, interfaces }: NodePlan, iface: string | null): InterfacePlan[] {
  const from = interfaces.find(({ name }) => name === iface);
  if (!bridge || from?.closed === true) return [];
  return interfaces.filter(
    (port) =>
      port !== from && port.peer !== '' && port.closed !== true && (from === undefined || port.vlan === from.vlan),
  );
}

/** Nodes that receive a broadcast from an interface: through switches, over wires that are up at both ends. */
export function segmentOf(plan: Pick<Plan, 'nodes' | 'links'>, start: LinkEnd): Set<string> {
  return new Set(endsInSegment(plan, start).map(({ node }) => node));
}

/** The same with the interfaces where it arrives. */
export function endsInSegment(plan: Pick<Plan, 'nodes' | 'links'>, { node, iface }: LinkEnd): LinkEnd[] {
  const reached: LinkEnd[] = [];
  const isOpen = (end: LinkEnd): boolean => {
    const { up, closed } = interfaceAt(plan, end) ?? {};
    return up !== false && closed !== true;
  };
  const leaveBy = (isOutlet: (end: LinkEnd) => boolean): void => {
    for (const { ends } of plan.links) {
      const from = ends.find(isOutlet);
      const to = ends.find((end) => end !== from);
      if (from === undefined || to === undefined || !ends.every(isOpen) || reached.includes(to)) continue;
      reached.push(to);
      const ports = otherPortsInVlan(nodeOf(plan, to.node), to.iface).map(({ name }) => name);
      leaveBy((end) => end.node === to.node && ports.includes(end.iface));
    }
  };
  const isWhole = nodeOf(plan, node).bridge;
  leaveBy((end) => end.node === node && (isWhole || end.iface === iface));
  return reached;
}

/** MTU of Ethernet, bytes. */
export const DEFAULT_MTU = 1500;

/** Largest IP packet that an interface accepts. The kernel leaves room for a VLAN tag (__is_skb_forwardable). */
export function largestAccepted({ mtu = DEFAULT_MTU }: Pick<InterfacePlan, 'mtu'>): number {
  return mtu + 4;
}
