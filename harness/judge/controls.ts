import { contains, host, network } from '../scenario/address.ts';
import { blockedBy } from '../scenario/filter-match.ts';
import { balancedBy, interfaceAddresses, nodeOf, ownerOf, serviceOf } from '../scenario/lookup.ts';
import { ownServiceOf } from '../terms/own-calls.ts';
import { exchangesOf } from '../terms/by-name.ts';
import type { CauseCode } from '../terms/cause.ts';
import { alternativesOf } from '../terms/expectation.ts';
import type { FilteredPacket } from '../terms/filter.ts';
import { routeOf } from '../scenario/route-of.ts';
import { replySocket } from '../terms/listener.ts';
import type { FlowPlan, NodePlan, Plan, SingleExpectation } from '../terms/plan.ts';
import type { Control } from '../terms/reason.ts';

/** Causes that mean that a part is missing, so that the part cannot be tested; for an outdated answer, what it led to. */
const PART_IS_MISSING = ['no-neighbour', 'vlan-mismatch', 'no-route', 'no-server-available', 'loop', 'stale-answer'];

/**
 * Flows that must work for a negative flow to prove something: the caller reaches its first hop, and a neighbour of
 * each server that may be selected gets a reply from the same listener (or from the server, if a refusal is expected).
 */
export function controlsOf(plan: Plan, flow: FlowPlan): Control[] {
  const controls = alternativesOf(flow.expect)
    .flatMap((expect) => controlsFor(expect, plan, flow))
    .filter((control) => !isFiltered(plan, control) && !hasStaticEntry(plan, control));
  return [...new Map(controls.map((control) => [controlKey(control), control])).values()];
}

/** Controls for one possible outcome of the flow. */
export function controlsFor(expect: SingleExpectation, plan: Plan, flow: FlowPlan): Control[] {
  return expect.outcome === 'works' ? [] : exchangesOf(flow).flatMap((one) => ofExchange(expect.cause, plan, one));
}

function ofExchange(cause: CauseCode, plan: Plan, flow: FlowPlan): Control[] {
  // Nothing is called if a name has no address.
  if (cause === 'no-address' && flow.question === undefined) return [];
  const first = firstHop(plan, flow);
  const controls: Control[] = first === null ? [] : [echo(flow.from, null, first)];
  if (PART_IS_MISSING.includes(cause)) return controls;
  for (const { node, address, port } of targets(plan, flow)) {
    const asker = neighbourOf(plan, flow, node, address);
    if (asker === null) continue;
    const isSilent = cause === 'refused' || answersElsewhere(plan, node, { protocol: flow.protocol, address, port });
    const protocol = isSilent ? 'icmp' : flow.protocol;
    controls.push(
      protocol === 'icmp' ? echo(asker, node, address) : { from: asker, to: node, address, protocol, port },
    );
  }
  return controls;
}

/** Whether a listener replies from another address or port than the called one: no caller accepts that. */
function answersElsewhere(plan: Plan, node: string, to: { protocol: string; address: string; port: number }): boolean {
  const source = replySocket(nodeOf(plan, node).listeners, to);
  return source.address !== to.address || source.port !== to.port;
}

/** Whether a filter at either end blocks a control, which would then only show that. */
function isFiltered(plan: Plan, { from, to, address, protocol, port }: Control): boolean {
  const target = to ?? ownerOf(plan, address);
  const source = nodeOf(plan, from)
    .interfaces.flatMap(({ addresses }) => addresses)
    .find((cidr) => contains(network(cidr), address));
  if (target === null || source === undefined) return false;
  const isIcmp = protocol === 'icmp';
  const ends = { protocol: protocol === 'http' ? ('tcp' as const) : protocol };
  const there: FilteredPacket = {
    ...ends,
    src: host(source),
    dst: address,
    dstPort: isIcmp ? null : port,
    type: isIcmp ? 'echo-request' : null,
  };
  const back: FilteredPacket = {
    ...ends,
    src: address,
    dst: host(source),
    dstPort: null,
    type: isIcmp ? 'echo-reply' : null,
  };
  return blockedBy(nodeOf(plan, target), there) !== null || blockedBy(nodeOf(plan, from), back) !== null;
}

/** Whether either end has a static entry for the other one: a control would only show whether that is right. */
function hasStaticEntry(plan: Plan, { from, to, address }: Pick<Control, 'from' | 'to' | 'address'>): boolean {
  const has = (name: string | null, addresses: string[]): boolean =>
    name !== null && (nodeOf(plan, name).neighbours ?? []).some((entry) => addresses.includes(entry.address));
  return has(from, [address]) || has(to ?? ownerOf(plan, address), interfaceAddresses(nodeOf(plan, from)));
}

/** Equal for equal controls. */
export function controlKey({ from, address, protocol, port }: Control): string {
  return [from, address, protocol, port].join(' ');
}

function echo(from: string, to: string | null, address: string): Control {
  return { from, to, address, protocol: 'icmp', port: 0 };
}

/** Address of the caller's first hop: the L4's own address instead of a VIP on the same segment. */
function firstHop(plan: Plan, flow: FlowPlan): string | null {
  // An L4 that balances its own calls sends them to the servers, which have their own controls.
  if (ownServiceOf(plan, flow) !== undefined) return null;
  const caller = nodeOf(plan, flow.from);
  const near = (address: string): boolean =>
    caller.interfaces.some((i) => i.addresses.some((cidr) => contains(network(cidr), address)));
  if (!near(flow.address)) return nextHopOf(caller, flow);
  const service = serviceOf(plan, flow);
  if (!service) return null;
  return service.l4s.flatMap(({ node }) => interfaceAddresses(nodeOf(plan, node))).find(near) ?? null;
}

/** Null if the caller has no route, or one that drops packets. */
function nextHopOf(caller: NodePlan, { source, address }: FlowPlan): string | null {
  const route = routeOf(caller, { src: source, dst: address });
  return route !== null && 'via' in route ? route.via : null;
}

function targets(plan: Plan, flow: FlowPlan): { node: string; address: string; port: number }[] {
  const { to } = flow;
  if ('node' in to) return [{ node: to.node, address: flow.address, port: flow.port }];
  return serviceOf(plan, flow)!.pool;
}

/** A node that can call a server without a router or load balancer in between: the L4, or another node in the server's subnet. */
function neighbourOf(plan: Plan, flow: FlowPlan, server: string, address: string): string | null {
  const service = serviceOf(plan, flow);
  const order = [...plan.nodes].sort(
    (a, b) => Number(balancedBy(service, b.name)) - Number(balancedBy(service, a.name)),
  );
  const near = order.find(
    (node) =>
      node.name !== server &&
      !hasStaticEntry(plan, { from: node.name, to: server, address }) &&
      // Its calls from another address may have no return route.
      (node.nat?.to ?? []).length === 0 &&
      node.interfaces.some((i) => i.up !== false && i.addresses.some((cidr) => contains(network(cidr), address))),
  );
  return near?.name ?? null;
}
