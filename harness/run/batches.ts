import { sequencesOf } from '../scenario/after.ts';
import { serviceOf } from '../scenario/lookup.ts';
import { callsOf } from '../terms/by-name.ts';
import type { FlowPlan, NodePlan, Plan, ServicePlan } from '../terms/plan.ts';

/** Flows that run together, and whether nodes must first forget what they learned from earlier flows. */
export interface Batch {
  flows: FlowPlan[];
  /** Sequentially, each starting from the state left by the previous one; otherwise in parallel. */
  inSequence: boolean;
  fromCleanStart: boolean;
}

/** The order of a plan's flows: in parallel, except for flows that would disturb one another. */
export function batches(plan: Plan): Batch[] {
  const sequences = sequencesOf(plan.flows);
  const fromClean = (flows: FlowPlan[]): Batch => ({ flows, inSequence: true, fromCleanStart: true });
  if (flowsChangeNodes(plan)) return sequences.map(fromClean);
  const needsCleanStart = (flows: FlowPlan[]): boolean =>
    flows.length > 1 || flows.some((flow) => sharesSourcePort(flow, plan));
  const free = sequences.filter((flows) => !needsCleanStart(flows)).flat();
  const alone = free.filter((flow) => countsServers(flow) && sharesService(flow, plan));
  const sideBySide = free.filter((flow) => !alone.includes(flow));
  return [
    ...[sideBySide, ...alone.map((flow) => [flow])]
      .filter((flows) => flows.length > 0)
      .map((flows) => ({ flows, inSequence: false, fromCleanStart: false })),
    ...sequences.filter(needsCleanStart).map(fromClean),
  ];
}

/** Nodes with connection tracking may confuse flows from the same port. */
export function sharesSourcePort(flow: FlowPlan, { flows }: Plan): boolean {
  return flow.sourcePort !== undefined && flows.some((other) => other !== flow && other.sourcePort === flow.sourcePort);
}

/** Other flows to the same service would change the scheduler's choice of servers. */
function countsServers({ expect }: FlowPlan): boolean {
  if (expect.outcome === 'varies') return 'eachOf' in expect;
  if (expect.outcome !== 'works' || expect.servedBy === undefined) return false;
  return ['eachOf', 'counts', 'shares'].some((kind) => kind in expect.servedBy!);
}

function sharesService(flow: FlowPlan, plan: Plan): boolean {
  const servicesOf = (one: FlowPlan): (ServicePlan | undefined)[] => callsOf(one).map((call) => serviceOf(plan, call));
  const own = servicesOf(flow);
  return plan.flows.some((other) => other !== flow && servicesOf(other).some((service) => own.includes(service)));
}

/**
 * Whether flows change the state of nodes, and thereby other flows: a moved MAC, a redirect, a path MTU, which of
 * several L4s has the VIP, a server's own ARP reply for the VIP or its request with the VIP as source (arp_announce
 * below 2), a MAC that is revealed only to some requesters (arp_ignore from 2).
 */
function flowsChangeNodes(plan: Plan): boolean {
  if (plan.services.some(({ l4s }) => l4s.length > 1)) return true;
  return plan.nodes.some(
    ({ balancer, sysctls, loopback, interfaces }) =>
      interfaces.some(({ mtu }) => mtu !== undefined) ||
      balancer?.config.services.some(({ sourceMac }) => sourceMac === 'keep') === true ||
      Object.keys(sysctls).some((path) => path.endsWith('/accept_redirects') && sysctls[path] === '1') ||
      levels({ sysctls, interfaces }, 'arp_ignore').some((level) => level >= 2) ||
      (loopback.length > 0 &&
        (levels({ sysctls, interfaces }, 'arp_ignore').includes(0) ||
          levels({ sysctls, interfaces }, 'arp_announce').some((level) => level < 2))),
  );
}

/** Effective value at each interface: the maximum of the interface's and the node's (ip-sysctl of the kernel). */
function levels({ sysctls, interfaces }: Pick<NodePlan, 'sysctls' | 'interfaces'>, key: string): number[] {
  return interfaces.map(({ name }) =>
    Math.max(...['all', name].map((scope) => Number(sysctls[`net/ipv4/conf/${scope}/${key}`] ?? 0))),
  );
}
