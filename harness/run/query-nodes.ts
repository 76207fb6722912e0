import { bySpecificity, destinationOf, nextHopMark, nextHopOf } from '../../lb/terms/next-hops.ts';
import { relevantIncreases } from '../judge/counters.ts';
import type { CountersByNode } from '../terms/counters.ts';
import { broughtBy, openQuestion, vanishedAt, type Evidence } from '../judge/evidence/evidence.ts';
import { receivingL4s } from '../judge/evidence/receiving-l4s.ts';
import { translatedBack } from '../judge/evidence/translated-back.ts';
import type { RouteAnswer } from '../terms/route-answer.ts';
import type { Hop } from '../terms/walk.ts';
import { contains } from '../scenario/address.ts';
import { nodeOf, serviceOf } from '../scenario/lookup.ts';
import type { Plan } from '../terms/plan.ts';
import type { NodeHandle } from '../fabric/node-handle.ts';

/**
 * State that captures do not show: the kernel's route for a lost packet, the L4's server states, MAC tables, counters.
 */
export type QueriedState = Pick<
  Evidence,
  'kernel' | 'kernelOnAnswer' | 'kernelOnArp' | 'healthy' | 'macTables' | 'counters'
>;

/** A lab whose nodes can be queried. */
export interface QueriedLab {
  node: (name: string) => Pick<NodeHandle, 'ask'>;
}

export const NOTHING_QUERIED: QueriedState = {
  kernel: null,
  kernelOnAnswer: null,
  kernelOnArp: null,
  healthy: null,
  macTables: {},
  counters: null,
};

/** Queries the nodes after an unanswered attempt. */
export async function queryNodes(
  base: Pick<Evidence, 'plan' | 'flow' | 'walk' | 'packets'>,
  { lab }: { lab: QueriedLab },
  countersBefore: CountersByNode | null,
): Promise<QueriedState> {
  const { plan } = base;
  const vanished = vanishedAt(base)?.hop;
  const hop = vanished?.direction === 'in' ? vanished : null;
  const open = openQuestion(base);
  const [kernel, kernelOnAnswer, kernelOnArp, tables, countersAfter, healthy] = await Promise.all([
    hop && routeOfLost(base, hop, lab),
    hop && lab.node(hop.node).ask('routeGet', { to: broughtBy(hop, plan).src.ip }),
    open &&
      lab.node(open.owner).ask('routeGet', { to: open.address, incoming: { from: open.source, iif: open.iface } }),
    Promise.all(
      plan.nodes
        .filter(({ bridge }) => bridge)
        .map(async ({ name }) => [name, await lab.node(name).ask('macTable', null)] as const),
    ),
    countersBefore === null ? null : readCounters(plan, { lab }),
    healthyServers(base, lab),
  ]);
  return {
    kernel,
    kernelOnAnswer,
    kernelOnArp,
    healthy,
    macTables: Object.fromEntries(tables),
    counters:
      countersBefore === null || countersAfter === null ? null : relevantIncreases(countersBefore, countersAfter),
  };
}

/** What the kernel would do with a lost packet, also if only the mark of a service of mode `route` gives it a route. */
async function routeOfLost(base: Pick<Evidence, 'plan' | 'walk'>, hop: Hop, lab: QueriedLab): Promise<RouteAnswer> {
  const { plan } = base;
  const to = routedTo(base, hop);
  const query = { to, incoming: { from: hop.src.ip, iif: receivingInterface(hop, plan) } };
  const answer = await lab.node(hop.node).ask('routeGet', query);
  const services = nodeOf(plan, hop.node).balancer?.config.routeServices ?? [];
  const service = bySpecificity(services).find((one) => contains(destinationOf(one), to));
  if (answer !== 'no-route' || service === undefined) return answer;
  const mark = nextHopMark(nextHopOf(service, { src: hop.src.ip, dst: to }));
  return lab.node(hop.node).ask('routeGet', { ...query, mark });
}

/** The destination when the node routes the packet: after NAT, if it is an answer to an address that NAT has given. */
function routedTo(base: Pick<Evidence, 'plan' | 'walk'>, { node, dst }: Hop): string {
  return translatedBack(base, node, dst.ip)?.source.ip ?? dst.ip;
}

/** The interface where IP receives a packet: the bridge, for its ports. */
function receivingInterface({ node, iface }: Hop, plan: Plan): string {
  return nodeOf(plan, node).bridge ? 'br0' : iface;
}

/** Counters of every node's namespace. */
export async function readCounters(plan: Plan, { lab }: { lab: QueriedLab }): Promise<CountersByNode> {
  const entries = plan.nodes.map(async ({ name }) => [name, await lab.node(name).ask('counters', null)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Number of flows that conntrack of nodes has failed to insert so far, for lack of ports or space. */
export async function flowsRefused(nodes: string[], lab: QueriedLab): Promise<Map<string, number>> {
  const counted = nodes.map(async (name): Promise<[string, number]> => {
    const counters = await lab.node(name).ask('counters', null);
    return [name, counters['ConntrackInsertFails'] ?? 0];
  });
  return new Map(await Promise.all(counted));
}

/**
 * Servers are considered healthy unless the load balancer that received the last packet for the VIP says otherwise, or all
 * load balancers if none received any.
 */
async function healthyServers(
  { plan, flow, packets }: Pick<Evidence, 'plan' | 'flow' | 'packets'>,
  lab: QueriedLab,
): Promise<string[] | null> {
  const service = serviceOf(plan, flow);
  if (!service) return null;
  const asked = receivingL4s(plan, service, packets);
  const answers = await Promise.all(asked.map((l4) => lab.node(l4).ask('serverStates', null)));
  const isDown = (name: string): boolean =>
    answers.every((states) => states.some((s) => s.service === service.name && s.server === name && !s.up));
  return service.pool.map(({ node }) => node).filter((node) => !isDown(node));
}
