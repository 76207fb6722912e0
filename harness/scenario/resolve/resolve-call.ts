import { DNS_PORT } from '../../terms/by-name.ts';
import { contains, host, hostRoute, isV6, network } from '../address.ts';
import type { FlowPlan, InterfacePlan, NodePlan } from '../../terms/plan.ts';
import type { ScenarioFile } from '../schema.ts';
import { interfaceAddresses, ownerOf } from '../lookup.ts';
import { bitsInCommon } from '../prefix.ts';
import { addressOfRecord } from '../names.ts';
import { deadEndOf } from '../route-of.ts';
import type { Service } from './resolve-service.ts';

export interface Called {
  from: string;
  to: string;
  port?: number | undefined;
  protocol?: FlowPlan['protocol'];
}

interface CalledByName extends Called {
  cachedAnswer?: { record: string; age: number } | undefined;
}

export type ResolvedCall = Pick<FlowPlan, 'source' | 'to' | 'address' | 'port'>;

/** The DNS query of a flow to a name, and its possible calls. */
export function byName(
  flow: CalledByName,
  nodes: NodePlan[],
  body: ScenarioFile,
): Partial<ResolvedCall & Pick<FlowPlan, 'byName'>> {
  const { from, to: name, cachedAnswer } = flow;
  const named = body.names[name];
  if (named === undefined) return {};
  const caller = nodes.find((node) => node.name === from)!;
  const address = addressFor(
    caller,
    nodes.find((node) => node.name === named.server)!,
  );
  const calls = callsByName(flow, nodes, body).map(({ to, address, source }) => ({ to, address, source }));
  const isOfV6 = isV6(calls[0]?.address ?? address);
  const source = sourceAddress(caller, address);
  const asked = {
    name,
    type: isOfV6 ? ('AAAA' as const) : ('A' as const),
    server: named.server,
    address,
    source,
    calls,
  };
  if (cachedAnswer === undefined || cachedAnswer.age >= named.ttl) return { byName: asked };
  const known = addressOfRecord(cachedAnswer.record, body.services)!;
  const cached = { address: known, ageS: cachedAnswer.age / 1000, ttlS: named.ttl / 1000 };
  return { ...calls.find((call) => call.address === known), byName: { ...asked, cached } };
}

function callsByName({ from, to, port, protocol }: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall[] {
  const caller = nodes.find((node) => node.name === from)!;
  const records = body.names[to]?.records ?? [];
  const common = records.map(({ to: record }) => body.services[record]?.port).find((one) => one !== undefined) ?? port;
  return records.flatMap(({ to: record }): ResolvedCall[] => {
    const address = addressOfRecord(record, body.services);
    if (address === null) return [];
    const isAt = ([, { vip, port: at }]: [string, Service]): boolean => vip === address && at === common;
    const service = Object.entries(body.services).find(isAt)?.[0];
    return [
      {
        source: sourceAddress(caller, address),
        to: service === undefined ? { node: ownerOf({ nodes }, address) ?? from } : { service },
        address,
        port: protocol === 'icmp' ? 0 : common!,
      },
    ];
  });
}

export function resolveCall(called: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall {
  if (body.names[called.to] === undefined) return resolveAddressed(called, nodes, body);
  const [first] = callsByName(called, nodes, body);
  if (first !== undefined) return first;
  // A name without address leads only to a question.
  const { server } = body.names[called.to]!;
  return resolveAddressed({ ...called, to: server, port: called.port ?? DNS_PORT }, nodes, body);
}

function resolveAddressed({ from, to, port, protocol }: Called, nodes: NodePlan[], body: ScenarioFile): ResolvedCall {
  const service = body.services[to];
  const caller = nodes.find((node) => node.name === from)!;
  const address =
    service?.vip ??
    addressFor(
      caller,
      nodes.find((node) => node.name === to)!,
    );
  return {
    source: sourceAddress(caller, address),
    to: service ? { service: to } : { node: to },
    address,
    port: protocol === 'icmp' ? 0 : (service?.port ?? port!),
  };
}

/** The first address of a node in a family of the caller. */
function addressFor(caller: NodePlan, target: NodePlan): string {
  const families = new Set(caller.interfaces.flatMap((i) => i.addresses).map(isV6));
  return interfaceAddresses(target).find((address) => families.has(isV6(address)))!;
}

/**
 * The source address chosen by the caller's kernel: its own, in the subnet of the next hop. Without a route, IPv6
 * chooses one and looks up a route from it (ip6_dst_lookup_tail); IPv4 fails. Routes that drop packets are at `lo`, so
 * its addresses come first.
 */
function sourceAddress(caller: NodePlan, destination: string): string {
  if (caller.loopback.includes(hostRoute(destination))) return destination;
  const addressesOf = (interfaces: InterfacePlan[]): string[] =>
    interfaces.flatMap((i) => i.addresses).filter((cidr) => isV6(cidr) === isV6(destination));
  const addresses = addressesOf(caller.interfaces);
  const near = addressesOf(caller.interfaces.filter(({ up }) => up !== false));
  const direct = near.find((cidr) => contains(network(cidr), destination));
  // The kernel selects the source with the main table only; rules then use that source.
  const routes = caller.routes.filter(
    ({ from, via }) => from === undefined && via !== null && isV6(via) === isV6(destination),
  );
  const route =
    routes.find((r) => r.to !== 'default' && contains(r.to, destination)) ?? routes.find((r) => r.to === 'default');
  // The kernel ignores next hops at interfaces that are down.
  const hops = route === undefined ? [] : [route.via!, ...(route.others ?? []).map(({ via }) => via)];
  const behind = (hop: string): string | undefined => near.find((cidr) => contains(network(cidr), hop));
  const viaRoute = hops.map(behind).find((cidr) => cidr !== undefined);
  if (!isV6(destination)) return host(direct ?? viaRoute ?? addresses[0]!);
  const atLo = caller.loopback.filter(isV6).toReversed();
  const isDropped = deadEndOf(caller, { dst: destination }) !== null;
  const own = isDropped && atLo.length > 0 ? atLo : [...atLo, ...near];
  return host((isDropped ? undefined : (direct ?? viaRoute)) ?? closest(own, destination) ?? addresses[0]!);
}

/**
 * The address with the most leading bits in common with a destination, up to its prefix length; the first of several
 * (RFC 6724, 5, rule 8; ipv6_get_saddr_eval).
 */
function closest(cidrs: string[], destination: string): string | undefined {
  const lengths = cidrs.map((cidr) => Math.min(Number(cidr.split('/')[1]), bitsInCommon(host(cidr), destination)));
  return cidrs[lengths.indexOf(Math.max(...lengths))];
}
