import { cause, type Cause } from '../terms/cause.ts';
import type { InterfacePlan, LinkEnd, Plan } from '../terms/plan.ts';
import { linkNumber, linkNameOf } from '../terms/link-name.ts';
import { contains, host, network } from './address.ts';
import { balancedBy, endsInSegment, interfaceAt, nodeOf, nodeWithMac, otherPortsInVlan, ownerOf } from './lookup.ts';

/**
 * Why ARP for an address does not reach the interface that has it because of VLANs: the links exist, but switch ports on
 * the path are in different VLANs, or the owner has the address in another one. Null for other reasons.
 * @param asker node that sends the request on the interface whose subnet contains the address
 */
export function vlanMismatch(plan: Plan, asker: string, address: string): Cause | null {
  if (plan.nodes.every(({ interfaces }) => interfaces.every(({ vlan }) => vlan === undefined))) return null;
  const from = nodeOf(plan, asker).interfaces.find(
    ({ up, addresses }) => up !== false && addresses.some((cidr) => contains(network(cidr), address)),
  );
  if (from === undefined) return null;
  const start = { node: asker, iface: from.name };
  const holders = holdersOf(plan, address).filter((name) => name !== asker);
  const reached = endsInSegment(plan, start).filter(({ node }) => holders.includes(node));
  if (reached.some((end) => mayAnswer(plan, end, address))) return null;
  const way = pathTo(plan, start, holders);
  const ended = way === null ? null : endOfPath(plan, { start, way, address });
  return ended ?? (reached[0] === undefined ? null : inOtherVlan(plan, reached[0], { asker, address }));
}

/** The same for a frame to a MAC: its sender has not asked, or did before. */
export function vlanMismatchTo(plan: Plan, { srcMac, dstMac }: { srcMac: string; dstMac: string }): Cause | null {
  const sender = nodeWithMac(plan, srcMac);
  const owned = nodeWithMac(plan, dstMac)?.interfaces.filter(({ mac }) => mac === dstMac) ?? [];
  if (sender === undefined) return null;
  const found = owned.flatMap(({ addresses }) => addresses.map((cidr) => vlanMismatch(plan, sender.name, host(cidr))));
  return found.find((one) => one !== null) ?? null;
}

/** Nodes that may answer for an address. */
function holdersOf(plan: Plan, address: string): string[] {
  const owner = ownerOf(plan, address);
  if (owner !== null) return [owner];
  const inPairs = (plan.pairs ?? [])
    .filter(({ addresses }) => addresses.some((one) => one.address === address))
    .flatMap(({ members }) => members.map(({ node }) => node));
  const services = plan.services.filter(({ vip }) => vip === address);
  const l4s = plan.nodes.filter(({ name, balancer }) => balancer && services.some((one) => balancedBy(one, name)));
  return [...new Set([...inPairs, ...l4s.map(({ name }) => name)])];
}

/** Whether the address is on this interface of its owner, or on none, like a VIP. */
function mayAnswer(plan: Plan, { node, iface }: LinkEnd, address: string): boolean {
  const { bridge, interfaces } = nodeOf(plan, node);
  const holding = interfaces.find(({ addresses }) => addresses.map(host).includes(address));
  return bridge || holding === undefined || holding.name === iface;
}

/** The owner received the request on an interface in another VLAN than that of the address. */
function inOtherVlan(plan: Plan, at: LinkEnd, { asker, address }: { asker: string; address: string }): Cause | null {
  const { node } = at;
  const holding = nodeOf(plan, node).interfaces.find(({ addresses }) => addresses.map(host).includes(address))!;
  const vlan = vlanOfWire(plan, { node, iface: holding.name });
  const other = vlanOfWire(plan, at);
  if (vlan === undefined || other === undefined || vlan === other) return null;
  return cause('vlan-mismatch', 'address-in-other-vlan', { node, asker, address, vlan, other });
}

/** VLAN in which a switch has the wire of a node's interface. */
function vlanOfWire(plan: Plan, end: LinkEnd): number | undefined {
  return plan.links.some(({ ends }) => ends.some((one) => one.node === end.node && one.iface === end.iface))
    ? interfaceAt(plan, otherEnd(plan, end))?.vlan
    : undefined;
}

/**
 * Nodes on the shortest path to one of these, through switches and over links that are up, ignoring VLANs; or null.
 */
function pathTo(plan: Plan, { node, iface }: LinkEnd, targets: string[]): string[] | null {
  const neighbours = (name: string): string[] =>
    plan.links
      .filter(({ ends }) => ends.some((end) => end.node === name) && ends.every((end) => isUp(plan, end)))
      .flatMap(({ ends }) => ends.flatMap((end) => (end.node === name ? [] : [end.node])));
  const wire = plan.links.find(({ ends }) => ends.some((end) => end.node === node && end.iface === iface));
  const isOpen = wire?.ends.every((end) => isUp(plan, end)) === true;
  const open = isOpen ? [[node, interfaceAt(plan, { node, iface })!.peer]] : [];
  const seen = new Set(open.flat());
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    const last = way.at(-1)!;
    if (targets.includes(last)) return way;
    if (!nodeOf(plan, last).bridge) continue;
    for (const next of neighbours(last)) {
      if (!seen.has(next)) open.push([...way, next]);
      seen.add(next);
    }
  }
  return null;
}

function isUp(plan: Plan, end: LinkEnd): boolean {
  return interfaceAt(plan, end)?.up !== false;
}

/** Follows a frame along a path until a port does not carry its VLAN. */
function endOfPath(
  plan: Plan,
  { start, way, address }: { start: LinkEnd; way: string[]; address: string },
): Cause | null {
  const asker = start.node;
  let from = start;
  /** The first wire whose ends have untagged frames in different VLANs. */
  let changed: Cause | null = null;
  for (const [index, next] of way.slice(2).entries()) {
    const node = way[index + 1]!;
    const at = interfaceAt(plan, otherEnd(plan, from))!;
    const port = linkNameOf(at.name);
    if (at.closed === true) return changed ?? rejectedByPort(plan, { node, port, asker, address }, { at, from });
    const { vlan } = at;
    const before = nodeOf(plan, from.node).bridge ? interfaceAt(plan, from)?.vlan : undefined;
    if (vlan !== undefined && before !== undefined && vlan !== before)
      changed ??= cause('vlan-mismatch', 'native-vlans-differ', { node, port, asker, address, vlan, other: before });
    const own = nodeOf(plan, node);
    const onward = otherPortsInVlan(own, at.name).find(({ peer }) => peer === next);
    if (onward === undefined) {
      const holding = nodeOf(plan, next).interfaces.find(({ addresses }) => addresses.map(host).includes(address));
      const isMeant = (port: InterfacePlan): boolean =>
        port.peer === next && (holding?.peer !== node || linkNumber(holding) === linkNumber(port));
      const toward = own.interfaces.filter(isMeant);
      return changed ?? unsentByPort({ node, asker, address }, toward, vlan!);
    }
    from = { node, iface: onward.name };
  }
  const last = interfaceAt(plan, otherEnd(plan, from));
  if (last?.closed !== true) return changed;
  const port = { node: way.at(-1)!, port: linkNameOf(last.name), asker, address };
  return changed ?? rejectedByPort(plan, port, { at: last, from });
}

interface Port {
  node: string;
  /** The node's name for it. */
  port: string;
  asker: string;
  address: string;
}

/** A port rejects frames that come `from` the other end of its wire. */
function rejectedByPort(plan: Plan, port: Port, { at, from }: { at: InterfacePlan; from: LinkEnd }): Cause {
  const { vlan } = at;
  if (vlan === undefined || at.name === port.port) return cause('vlan-mismatch', 'untagged-not-carried', port);
  if (untaggedVlanOf(plan, port.node, port.port) !== vlan)
    return cause('vlan-mismatch', 'vlan-not-carried', { ...port, vlan });
  const other = untaggedVlanOf(plan, from.node, linkNameOf(from.iface));
  return cause('vlan-mismatch', 'native-vlan-tagged', { ...port, vlan, other });
}

/** VLAN of the untagged frames of a switch's port. */
function untaggedVlanOf(plan: Plan, node: string, iface: string): number | null {
  return interfaceAt(plan, { node, iface })?.vlan ?? null;
}

/** No interface of a port sends frames of a VLAN. */
function unsentByPort(at: Omit<Port, 'port'>, interfaces: InterfacePlan[], vlan: number): Cause {
  const [only, ...others] = interfaces as [InterfacePlan, ...InterfacePlan[]];
  const port = { ...at, port: linkNameOf(only.name) };
  if (others.length > 0 || only.name !== port.port)
    return cause('vlan-mismatch', 'vlan-not-carried', { ...port, vlan });
  return only.vlan === undefined || only.closed === true
    ? cause('vlan-mismatch', 'untagged-not-carried', port)
    : cause('vlan-mismatch', 'vlans-differ', { ...port, vlan: only.vlan, other: vlan });
}

function otherEnd({ links }: Plan, { node, iface }: LinkEnd): LinkEnd {
  const isOne = (end: LinkEnd): boolean => end.node === node && end.iface === iface;
  return links.find(({ ends }) => ends.some(isOne))!.ends.find((end) => !isOne(end))!;
}
