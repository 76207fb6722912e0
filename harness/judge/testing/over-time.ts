import { predict } from '../../model/predict.ts';
import { mac, plan as planOf, type LabSketch } from '../../model/testing/lab-builder.ts';
import { callFlow } from '../../terms/call-flow.ts';
import { streamOf } from '../../model/testing/stream.ts';
import { L4, oneArm, VIP_A } from '../../model/testing/labs.ts';
import { planAt } from '../../scenario/plan-at.ts';
import type { FlowKey } from '../../observe/flow-packets.ts';
import type { ObservedCall } from '../../observe/stream-calls.ts';
import type { Frame, Sighting } from '../../terms/sighting.ts';
import type { Mode, Plan, ActionPlan, StepPlan } from '../../terms/plan.ts';
import type { Hop, Walk } from '../../terms/walk.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Moment } from '../evidence/moment.ts';
import { TCP_KEY } from './evidence.ts';

const at = { file: 'test.yaml', line: 1, col: 1 };

export const STREAM = streamOf();

/**
 * client – l3 – l2 with the pair l4 and l4b and servers s1 and s2; one step per list of actions.
 * @param change of the lab's sketch
 */
export function pairLab(
  mode: Exclude<Mode, 'l3dsr' | 'ipip'>,
  steps: ActionPlan[][],
  change: (sketch: LabSketch) => void = () => undefined,
): Plan {
  const sketch = oneArm({
    services: {
      a: { vip: VIP_A, mode, pool: ['s1', 's2'], l4: 'l4', ...(mode === 'proxy' ? { proxyIp: '203.0.113.254' } : {}) },
    },
    servers:
      mode === 'dsr' ? { loopback: [VIP_A], arpIgnore: 1, arpAnnounce: 2 } : mode === 'dnat' ? { gateway: L4 } : {},
  });
  sketch.nodes['l4b'] = { ...sketch.nodes['l4']!, interfaces: { l2: '203.0.113.3/24' } };
  sketch.links.push(['l4b', 'l2']);
  change(sketch);
  const plan = planOf(sketch);
  const [service] = plan.services;
  service!.l4s.push({ ...service!.l4s[0]!, node: 'l4b' });
  const first = plan.nodes.find(({ name }) => name === 'l4')!;
  plan.nodes.find(({ name }) => name === 'l4b')!.balancer = first.balancer;
  plan.pairs = [
    {
      name: 'edge',
      protocol: 'vrrp',
      id: 1,
      members: [
        { node: 'l4', iface: 'l2', priority: 200 },
        { node: 'l4b', iface: 'l2', priority: 100 },
      ],
      advertMs: 100,
      preempt: true,
      gratuitousArp: true,
      addresses: [{ address: VIP_A, ifaces: { l4: 'l2', l4b: 'l2' } }],
      sync: 'none',
    },
  ];
  plan.timeline = {
    streams: [STREAM],
    steps: steps.map((actions, index): StepPlan => ({
      name: `step-${index}`,
      title: '',
      actions,
      forMs: 1000,
      nodes: [],
      services: [],
      expect: [],
      at,
    })),
  };
  return plan;
}

/** The predicted path of a call through the first L4, without hops inside nodes. */
export function predictedPath(plan: Plan, picked = 's2'): Walk {
  const found = predict(withoutPairs(plan), FLOW).find((one) => one.picked === picked)!;
  const onWires = (hops: Hop[]): Hop[] => hops.filter(({ iface }) => iface !== 'lo');
  return { request: onWires(found.request), reply: onWires(found.reply) };
}

/** The same lab with independent L4s. */
export function withoutPairs(plan: Plan): Plan {
  const alone = { ...plan };
  delete alone.pairs;
  return alone;
}

/** The same path through the other L4. */
export function throughOther(plan: Plan, walk: Walk): Walk {
  const names = (hop: Hop): Hop => ({
    ...hop,
    node: hop.node === 'l4' ? 'l4b' : hop.node,
    iface: hop.iface === 'l4' ? 'l4b' : hop.iface,
    src: { ...hop.src, mac: hop.src.mac === mac(plan, 'l4', 'l2') ? mac(plan, 'l4b', 'l2') : hop.src.mac },
    dst: { ...hop.dst, mac: hop.dst.mac === mac(plan, 'l4', 'l2') ? mac(plan, 'l4b', 'l2') : hop.dst.mac },
  });
  return { request: walk.request.map(names), reply: walk.reply.map(names) };
}

/** The part of a request up to its arrival at a node. */
export function upTo(walk: Walk, node: string): Walk {
  const end = walk.request.findIndex((hop) => hop.node === node && hop.direction === 'in') + 1;
  return { request: walk.request.slice(0, end), reply: [] };
}

/** A call of the stream as a flow. */
export const FLOW = callFlow(STREAM);

/** Evidence of a failed call in a step. */
export function evidenceIn(
  whole: Plan,
  step: number,
  seen: Partial<Evidence>,
  moment: Partial<Omit<Moment, 'holders'>> & { holders?: Record<string, string[]> } = {},
): Evidence {
  const { holders = { [VIP_A]: ['l4'] }, ...rest } = moment;
  return {
    plan: planAt(whole, step),
    flow: FLOW,
    key: TCP_KEY,
    client: { answered: false, outcome: 'timeout', servedBy: null, sourceSeen: null },
    packets: [],
    walk: { request: [], reply: [] },
    kernel: null,
    kernelOnAnswer: null,
    kernelOnArp: null,
    healthy: null,
    epoch: '0',
    macTables: {},
    counters: null,
    ...seen,
    moment: { step, whole, holders: (address) => holders[address], walkBegins: 0, isActing: true, ...rest },
  };
}

/** A segment at an interface, `ms` after the epoch. */
export function sighting(
  ms: number,
  [node, direction, iface]: [string, 'in' | 'out', string],
  tcp: { flags: string; seq?: number; ack?: number; payloadLength?: number },
  token?: string,
): Sighting {
  const frame: Frame = {
    srcMac: '',
    dstMac: '',
    length: 60,
    ip: { version: 4, src: '198.51.100.10', dst: VIP_A, ttl: 64, protocol: 6, id: 0, dscp: 0 },
    tcp: { srcPort: 20000, dstPort: 80, seq: 1, ack: 1, payloadLength: 0, ...tcp },
    ...(token === undefined ? {} : { token }),
  };
  return { time: ms * 1e6, node, iface, direction, frame };
}

interface CallSketch {
  /** Start, ms since the epoch. */
  at: number;
  /** Time until its answer or timeout, ms. */
  took?: number;
  walk: Walk;
  servedBy?: string | null;
  outcome?: ObservedCall['record']['outcome'];
  connection?: number;
  packets?: Sighting[];
}

/** An observed call; unanswered if it has an outcome. */
export function observedCall(sketch: CallSketch): ObservedCall {
  const { at: beganAt, walk, outcome, connection, servedBy = outcome ? null : 's2', packets = [] } = sketch;
  const took = sketch.took ?? (outcome === undefined ? 1 : 900);
  const key: FlowKey = { ...TCP_KEY, token: `l4lab-${String(beganAt).padStart(8, '0').slice(0, 8)}` };
  return {
    record: {
      stream: 'calls',
      step: 0,
      ...(connection === undefined ? {} : { connection }),
      token: key.token,
      sourcePort: 20000,
      beganAt,
      endedAt: beganAt + took,
      answered: outcome === undefined,
      outcome: outcome ?? 'answered',
      servedBy,
      sourceSeen: null,
    },
    key,
    packets,
    epoch: '0',
    walk,
    walkBegins: beganAt * 1e6,
  };
}
