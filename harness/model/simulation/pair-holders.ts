import { hasPower, isPaused, planAt, withLinkDown } from '../../scenario/plan-at.ts';
import { interfaceAddresses, nodeOf, otherPortsInVlan } from '../../scenario/lookup.ts';
import { addressValue } from '../../scenario/prefix.ts';
import type { LinkEnd, NodePlan, Plan, PairPlan } from '../../terms/plan.ts';

/** A pair after a step has settled. */
export interface PairHolders {
  pair: string;
  /** By member. `paused`: sends no advertisements, but keeps its addresses. */
  members: Record<string, MemberState>;
  /** Members that have the addresses, in plan order; several if they do not receive each other's advertisements. */
  holders: string[];
  /** Groups of running members that receive each other's advertisements. */
  groups: string[][];
  /** Members of which an unknown one has the addresses (`holders` contains a guess); empty if known. */
  possible: string[];
}

type MemberState = 'master' | 'backup' | 'fault' | 'off' | 'paused';

type Member = PairPlan['members'][number];

/**
 * Holders of each pair's addresses after a step has settled: among members that receive each other's advertisements,
 * the one with the highest priority (RFC 9568, 6.4), or the running master if the pair does not preempt.
 * @param step index of the step; -1 for before the first one
 */
export function holdersAt(plan: Plan, step: number): PairHolders[] {
  let known = found.get(plan);
  if (known === undefined) {
    known = [];
    found.set(plan, known);
  }
  for (let next = known.length - 1; next <= step; next++) {
    const before = known.at(-1) ?? null;
    known.push(
      (plan.pairs ?? []).map((pair) =>
        settled(pair, { plan, step: next, before: before?.find((one) => one.pair === pair.name) ?? null }),
      ),
    );
  }
  return known[step + 1]!;
}

const found = new WeakMap<Plan, PairHolders[][]>();

/**
 * The plan of a step with pairs' addresses at their holders, so that nothing in it depends on pairs.
 * @param now active plan without such addresses (`planAt`)
 */
export function withHolders(now: Plan, holders: PairHolders[]): Plan {
  const { pairs, ...rest } = now;
  const held = (node: NodePlan): NodePlan => {
    const own = (pairs ?? []).filter(({ name }) =>
      holders.some((one) => one.pair === name && one.holders.includes(node.name)),
    );
    if (own.length === 0) return node;
    return {
      ...node,
      interfaces: node.interfaces.map((iface) => {
        const more = own.flatMap(({ addresses }) =>
          addresses.filter(({ ifaces }) => ifaces[node.name] === iface.name).map(({ address }) => hostCidr(address)),
        );
        return more.length === 0 ? iface : { ...iface, addresses: [...iface.addresses, ...more] };
      }),
    };
  };
  return { ...rest, nodes: now.nodes.map(held) };
}

function hostCidr(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

interface Moment {
  plan: Plan;
  step: number;
  /** Null before the first step. */
  before: PairHolders | null;
}

/** After a flapping link, the addresses may be where they are with the link up, or down. */
function settled(pair: PairPlan, moment: Moment): PairHolders {
  const { plan, step } = moment;
  const now = planAt(plan, step);
  const up = settledIn(now, pair, moment);
  const flapping = (plan.timeline?.steps[step]?.actions ?? []).flatMap((one) => (one.do === 'flap' ? [one] : []));
  const down = flapping.map((link) => settledIn(withLinkDown(now, link), pair, moment));
  const possible = new Set([up, ...down].flatMap((one) => [...one.holders, ...one.possible]));
  return down.some(({ holders }) => holders.join() !== up.holders.join())
    ? { ...up, possible: pair.members.map(({ node }) => node).filter((node) => possible.has(node)) }
    : up;
}

function settledIn(now: Plan, pair: PairPlan, { plan, step, before }: Moment): PairHolders {
  const { actions = [], until } = plan.timeline?.steps[step] ?? {};
  const awaited = until !== undefined && 'master' in until ? until.master : null;
  const hasLostPower = (node: string): boolean => actions.some((one) => one.do === 'kill' && one.node === node);
  const isAmong = (nodes: string[] | undefined, node: string): boolean =>
    nodes?.includes(node) === true && !hasLostPower(node);
  const mayHold = (node: string): boolean => isAmong(before?.possible, node);
  const wasHolder = (node: string): boolean => isAmong(before?.holders, node) || mayHold(node);
  const states = new Map<string, MemberState>();
  for (const { node, iface } of pair.members) {
    if (!hasPower(plan, step, node)) states.set(node, 'off');
    else if (isPaused(plan, step, node)) states.set(node, 'paused');
    else if (!hasCarrier(now, { node, iface })) states.set(node, 'fault');
  }
  const groups: string[][] = [];
  const possible: string[] = [];
  let open = pair.members.filter(({ node }) => !states.has(node));
  while (open.length > 0) {
    const [first] = open as [Member];
    const reachable = open.filter((other) => other === first || reach(now, first, other));
    const masters = reachable.filter(({ node }) => wasHolder(node));
    const candidates = pair.preempt || masters.length === 0 ? reachable : masters;
    const isOpen = candidates === masters && masters.length > 1 && masters.every(({ node }) => mayHold(node));
    // The step's awaited master decides if nothing else does.
    const known = isOpen ? masters.find(({ node }) => node === awaited) : undefined;
    if (isOpen && known === undefined) possible.push(...masters.map(({ node }) => node));
    const [master] = [...(known ? [known] : candidates)].sort((a, b) => rank(now, b, a)) as [Member];
    for (const { node } of reachable) states.set(node, node === master.node ? 'master' : 'backup');
    groups.push(reachable.map(({ node }) => node));
    open = open.filter((member) => !reachable.includes(member));
  }
  const holds = (node: string): boolean =>
    states.get(node) === 'master' || (states.get(node) === 'paused' && isAmong(before?.holders, node));
  return {
    pair: pair.name,
    members: Object.fromEntries(pair.members.map(({ node }) => [node, states.get(node)!])),
    holders: pair.members.map(({ node }) => node).filter(holds),
    groups,
    possible,
  };
}

/** Higher priority first, then the higher address (RFC 9568, 6.4.3). */
function rank(plan: Plan, a: Member, b: Member): number {
  const difference = a.priority - b.priority;
  if (difference !== 0) return difference;
  const [one, other] = [a, b].map((member) => primary(plan, member));
  return one === other ? 0 : one! > other! ? 1 : -1;
}

function primary(plan: Plan, { node, iface }: Member): bigint {
  const own = nodeOf(plan, node);
  const [first] = own.interfaces.find(({ name }) => name === iface)?.addresses ?? [];
  return addressValue((first ?? interfaceAddresses(own)[0] ?? '0.0.0.0').split('/')[0]!);
}

/** Whether both ends of an interface's wire are up; for a bridge interface, whether any port's are. */
function hasCarrier(plan: Plan, { node, iface }: LinkEnd): boolean {
  return outlets(plan, { node, iface }).some((end) => otherEnd(plan, end) !== null);
}

/** Whether packets from one interface reach another: through switches, over wires that are up. */
function reach(plan: Plan, one: LinkEnd, other: LinkEnd): boolean {
  const targets = outlets(plan, other);
  const seen = new Set<string>();
  const open = outlets(plan, one);
  for (let from = open.pop(); from !== undefined; from = open.pop()) {
    const to = otherEnd(plan, from);
    if (to === null || seen.has(`${to.node}/${to.iface}`)) continue;
    if (targets.some(({ node, iface }) => node === to.node && iface === to.iface)) return true;
    seen.add(`${to.node}/${to.iface}`);
    const ports = otherPortsInVlan(nodeOf(plan, to.node), to.iface);
    open.push(...ports.map(({ name }) => ({ node: to.node, iface: name })));
  }
  return false;
}

/** Interfaces through which a frame leaves: all ports for a bridge interface. */
function outlets(plan: Plan, { node, iface }: LinkEnd): LinkEnd[] {
  const own = nodeOf(plan, node);
  return own.bridge ? otherPortsInVlan(own, null).map(({ name }) => ({ node, iface: name })) : [{ node, iface }];
}

/** The other end of a wire that is up and open at both ends; null otherwise. */
function otherEnd({ nodes, links }: Plan, from: LinkEnd): LinkEnd | null {
  const isUp = ({ node, iface }: LinkEnd): boolean => {
    const one = nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === iface);
    return one?.up !== false && one?.closed !== true;
  };
  const same = (a: LinkEnd): boolean => a.node === from.node && a.iface === from.iface;
  const link = links.find(({ ends }) => ends.some(same));
  if (link === undefined || !link.ends.every(isUp)) return null;
  return link.ends.find((end) => !same(end))!;
}
