import { cause, type Cause } from '../terms/cause.ts';
import type { InterfacePlan, LinkEnd, Plan } from '../terms/plan.ts';
import { linkNumber, wordOf } from '../terms/link-word.ts';
import { contains, host, network } from './address.ts';
import { balancedBy, interfaceAt, nodeOf, ownerOf, portsBeside, segmentOf } from './lookup.ts';

/**
 * Why a question for an address does not come to who has it, where that is a matter of VLANs: the links are there, and the
 * ports of the switches on the way are in different ones. Null where it is not.
 * @param asker node that asks on the interface in whose subnet the address is
 */
export function vlanMismatch(plan: Plan, asker: string, address: string): Cause | null {
  if (plan.nodes.every(({ interfaces }) => interfaces.every(({ vlan }) => vlan === undefined))) return null;
  const from = nodeOf(plan, asker).interfaces.find(
    ({ up, addresses }) => up !== false && addresses.some((cidr) => contains(network(cidr), address)),
  );
  if (from === undefined) return null;
  const start = { node: asker, iface: from.name };
  const holders = holdersOf(plan, address).filter((name) => name !== asker);
  const segment = segmentOf(plan, start);
  if (holders.some((name) => segment.has(name))) return null;
  const way = wayTo(plan, start, holders);
  return way === null ? null : whereItEnds(plan, { start, way, address });
}

/** Nodes that answer for an address, or may. */
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

/** Nodes on the shortest way to one of these, through switches and over links that are up, whatever their VLANs; or null. */
function wayTo(plan: Plan, { node, iface }: LinkEnd, targets: string[]): string[] | null {
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

/** Follows a frame along a way until a port does not carry its VLAN. */
function whereItEnds(
  plan: Plan,
  { start, way, address }: { start: LinkEnd; way: string[]; address: string },
): Cause | null {
  const asker = start.node;
  let from = start;
  /** The first wire whose ends have frames without a tag in different VLANs. */
  let changed: Cause | null = null;
  for (const [index, next] of way.slice(2).entries()) {
    const node = way[index + 1]!;
    const at = interfaceAt(plan, otherEnd(plan, from))!;
    const port = wordOf(at.name);
    if (at.closed === true) return changed ?? notTaken({ node, port, asker, address }, at);
    const { vlan } = at;
    const before = nodeOf(plan, from.node).bridge ? interfaceAt(plan, from)?.vlan : undefined;
    if (vlan !== undefined && before !== undefined && vlan !== before)
      changed ??= cause('vlan-mismatch', 'native-vlans-differ', { node, port, asker, address, vlan, other: before });
    const own = nodeOf(plan, node);
    const onward = portsBeside(own, at.name).find(({ peer }) => peer === next);
    if (onward === undefined) {
      const holding = nodeOf(plan, next).interfaces.find(({ addresses }) => addresses.map(host).includes(address));
      const isMeant = (port: InterfacePlan): boolean =>
        port.peer === next && (holding?.peer !== node || linkNumber(holding) === linkNumber(port));
      const toward = own.interfaces.filter(isMeant);
      return changed ?? notSent({ node, asker, address }, toward, vlan!);
    }
    from = { node, iface: onward.name };
  }
  const last = interfaceAt(plan, otherEnd(plan, from));
  if (last?.closed !== true) return null;
  return changed ?? notTaken({ node: way.at(-1)!, port: wordOf(last.name), asker, address }, last);
}

interface Port {
  node: string;
  /** What the node calls it. */
  port: string;
  asker: string;
  address: string;
}

/** A port does not take the frames that come to it. */
function notTaken(port: Port, { name, vlan }: InterfacePlan): Cause {
  return vlan === undefined || name === port.port
    ? cause('vlan-mismatch', 'untagged-not-carried', port)
    : cause('vlan-mismatch', 'vlan-not-carried', { ...port, vlan });
}

/** Frames of a VLAN do not leave by any of the interfaces of a port. */
function notSent(at: Omit<Port, 'port'>, interfaces: InterfacePlan[], vlan: number): Cause {
  const [only, ...others] = interfaces as [InterfacePlan, ...InterfacePlan[]];
  const port = { ...at, port: wordOf(only.name) };
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
