import type { FlowPlan } from '../../terms/plan.ts';
import { receiveArp } from './arp.ts';
import { receiveAtPort } from './bridge.ts';
import type { Choices } from './choices.ts';
import { DEFAULT_CIRCUMSTANCES, type Circumstances } from './circumstances.ts';
import type { DirectCheck } from './direct-check.ts';
import { undoVip } from './direct-check.ts';
import { callerSends, serverSends, startExchange } from './exchange.ts';
import { answersAtIngress } from './ingress-ends.ts';
import { receive, send } from './ip-stack.ts';
import { returnDirectly, sendIntoTunnel, sendTagged, undoTag } from './load-balancing.ts';
import { NEW_CONNECTION, type Memory } from './memory.ts';
import { settleNext } from './neighbours.ts';
import type { NodeState } from './node-state.ts';
import { repeatsInWindow } from './out-of-window.ts';
import { BROADCAST } from './packet.ts';
import type { Frame, IpFrame, Trace } from './packet.ts';
import { isDroppedSilently } from './path-mtu.ts';
import { lookUp, selectSource } from './routing.ts';
import { discard } from './run.ts';
import type { Arrival, Run } from './run.ts';
import type { Host, Network } from './network.ts';
import { crossing } from './trace.ts';

/** Maximum number of frames of one exchange: a flow with more is in a loop of switches. */
const FRAME_LIMIT = 20_000;

/** Input of a simulation. */
export interface Given {
  choices: Choices;
  /** Whether a load balancer considers a server healthy. */
  isUp: Run['isUp'];
  /** Initial state of the nodes; absent if they have learned nothing yet. */
  states?: Map<string, NodeState> | null;
  check?: DirectCheck | null;
  /** Whether the caller has bound the flow's source, instead of leaving it to the kernel. */
  isSourceBound?: boolean;
  circumstances?: Circumstances;
  /** A connection that is already open; absent if the flow opens its own. */
  memory?: Memory;
  /** See Run. */
  capture?: Run['capture'];
}

/**
 * Sends one flow through a lab until no packet is in flight. There is no time: every reply comes, or it never comes.
 */
export function simulate(network: Network, started: FlowPlan, given: Given): Run {
  const run = begin(network, started, given);
  const { flow, protocol, isOpen } = run.exchange;
  run.outbox.push({
    node: flow.from,
    packet: callerSends(run.exchange, protocol === 'tcp' && !isOpen ? 'syn' : 'request'),
  });
  settleDown(run);
  if (repeatsInWindow(run)) settleDown(run);
  return run;
}

/** The same for an open connection on which the server sends first: it retransmits its last reply. */
export function simulateReply(network: Network, flow: FlowPlan, given: Given & { memory: Memory }): Run {
  const run = begin(network, flow, given);
  const [socket] = given.memory.sockets ?? [];
  if (socket !== undefined) run.outbox.push(serverSends(run.exchange, socket));
  settleDown(run);
  return run;
}

/** A flow before its first packet. */
export function begin(network: Network, flow: FlowPlan, given: Given): Run {
  const {
    choices,
    isUp,
    states = null,
    check = null,
    isSourceBound = false,
    circumstances = DEFAULT_CIRCUMSTANCES,
    memory = NEW_CONNECTION,
    capture = null,
  } = given;
  const caller = network.hosts.get(flow.from)!;
  const name = 'service' in flow.to ? flow.to.service : null;
  const service = network.plan.services.find((s) => s.name === name) ?? null;
  // For its own address the kernel uses the same address as source.
  const chosen = isSourceBound ? flow.source : sourceOf(caller, flow, choices);
  const source = caller.owned.has(flow.address) ? flow.address : chosen;
  return {
    network,
    choices,
    exchange: startExchange(flow, service, { source, sockets: memory.sockets }),
    isUp,
    check,
    states: new Map(),
    before: states,
    arrivals: [],
    outbox: [],
    ends: new Map(),
    conflictingAnswers: [],
    unanswered: new Map(),
    picked: new Map(),
    circumstances,
    memory,
    flows: new Map(memory.flows),
    sharedHops: new Set(),
    capture,
  };
}

/**
 * The source of a caller's packets. With several next hops on different interfaces, it is an address of the one that the
 * kernel picks first; then it looks up the route again, with this source (ip_route_connect).
 */
function sourceOf(caller: Host, { address, source }: FlowPlan, choices: Choices): string {
  // Nodes that only learn their neighbours call nobody.
  const route = address === '' ? null : lookUp(caller, address, '');
  if (route?.others === undefined) return source;
  const sources = [route, ...route.others].map(({ device, via }) =>
    selectSource(caller, caller.devices.get(device)!, via ?? address),
  );
  const [first, ...others] = [...new Set(sources)] as [string, ...string[]];
  return others.length === 0 ? source : choices.choose(`source ${caller.name} ${address}`, [first, ...others]);
}

/** Resulting packets are sent before the next frame arrives. */
export function settleDown(run: Run): void {
  let next = 0;
  do {
    while (run.outbox.length > 0 || next < Math.min(run.arrivals.length, FRAME_LIMIT)) {
      for (const { node, packet, tracked } of run.outbox.splice(0))
        send(run, run.network.hosts.get(node)!, packet, tracked);
      if (next < run.arrivals.length) arrive(run, run.arrivals[next++]!);
    }
  } while (next < FRAME_LIMIT && settleNext(run));
  run.arrivals = [];
}

function arrive(run: Run, { node, iface, frame: arrived }: Arrival): void {
  const host = run.network.hosts.get(node)!;
  if ('packet' in arrived && isDroppedSilently(run, host, iface, arrived.packet)) return;
  run.capture?.({ node, iface, direction: 'in', frame: arrived });
  const frame = 'packet' in arrived ? atIngress(run, host, iface, arrived) : arrived;
  if (frame === null) return;
  if (host.ports.includes(iface)) {
    if (receiveAtPort(run, host, iface, frame)) accept(run, host, 'br0', frame);
  } else if (frame.dstMac === BROADCAST || frame.dstMac === host.devices.get(iface)?.mac) {
    accept(run, host, iface, frame);
  } else if ('packet' in frame && isClosed(host, iface)) {
    discard(run, frame.packet, node);
  } else if ('packet' in arrived) {
    // A frame for another MAC is not part of the packet's path: neither its arrival nor, from a switch that floods, its
    // departure to this node.
    const { trace } = arrived.packet;
    discard(run, { ...arrived.packet, trace: isSentByItsSender(run, trace) ? trace : (trace?.before ?? null) }, node);
  }
}

/** Whether an interface is a switch port that drops the frames of its VLAN. */
function isClosed({ plan }: Host, iface: string): boolean {
  return plan.interfaces.some(({ name, closed }) => name === iface && closed === true);
}

/** Whether a frame left by the interface whose MAC it has. */
function isSentByItsSender({ network }: Run, trace: Trace | null): boolean {
  if (trace === null) return false;
  const { node, iface, src } = trace.hop;
  return network.hosts.get(node)!.plan.interfaces.some(({ name, mac }) => name === iface && mac === src.mac);
}

/** Processing of a frame at ingress by load balancers and DSR servers; null if they consume it. */
function atIngress(run: Run, host: Host, iface: string, arrived: IpFrame): IpFrame | null {
  const packet = undoVip(run.check, host, crossing(arrived, host.name, iface, 'in'));
  // A flooded frame is for another node.
  if (!host.plan.interfaces.some(({ mac }) => mac === arrived.dstMac)) return { ...arrived, packet };
  if (returnDirectly(run, host, { ...arrived, packet })) return null;
  const tagged = sendTagged(run, host, undoTag(host, packet));
  const frame = { ...arrived, packet: sendIntoTunnel(run, host, tagged) };
  return answersAtIngress(run, host, iface, frame) ? null : frame;
}

function accept(run: Run, host: Host, name: string, frame: Frame): void {
  const device = host.devices.get(name);
  if (device === undefined) return;
  if ('packet' in frame) receive(run, host, device, frame.packet);
  else receiveArp(run, host, device, frame);
}
