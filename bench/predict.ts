import { predict } from '../harness/model/predict.ts';
import { flow, plan } from '../harness/model/testing/lab-builder.ts';
import type { LabSketch, NodeSketch } from '../harness/model/testing/lab-builder.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';

const FLOWS = 1000;
const ROUNDS = 7;
const LIMIT_MS = 1000;
const SERVERS = Array.from({ length: 15 }, (_, index) => `s${index + 1}`);
const CALLERS = ['client', 'client2', ...SERVERS];
const SERVICES = ['web', 'api', 'cdn'];

/** Twenty nodes, one-arm: two clients, l3, l2, l4 and fifteen servers, with one service in each mode. */
function twentyNodes(): Plan {
  const third = (index: number): string[] => SERVERS.slice(index * 5, index * 5 + 5);
  const server = (index: number): NodeSketch => ({
    role: 'server',
    interfaces: { l2: `203.0.113.${index + 11}/24` },
    gateway: '203.0.113.1',
    loopback: index >= 10 ? ['203.0.113.82'] : [],
    conf: { arp_ignore: 1, arp_announce: 2 },
  });
  const sketch: LabSketch = {
    nodes: {
      client: { role: 'client', interfaces: { l3: '198.51.100.10/25' }, gateway: '198.51.100.1' },
      client2: { role: 'client', interfaces: { l3: '198.51.100.140/25' }, gateway: '198.51.100.129' },
      l3: {
        role: 'l3',
        interfaces: { client: '198.51.100.1/25', client2: '198.51.100.129/25', l2: '203.0.113.1/24' },
        forwarding: true,
      },
      l2: { role: 'l2' },
      l4: { role: 'l4', interfaces: { l2: '203.0.113.2/24' }, gateway: '203.0.113.1', forwarding: true },
      ...Object.fromEntries(SERVERS.map((name, index) => [name, server(index)])),
    },
    links: [
      ['client', 'l3'],
      ['client2', 'l3'],
      ['l3', 'l2'],
      ['l4', 'l2'],
      ...SERVERS.map((name): [string, string] => [name, 'l2']),
    ],
    services: {
      web: { vip: '203.0.113.80', mode: 'dnat', pool: third(0) },
      api: { vip: '203.0.113.81', mode: 'proxy', pool: third(1), proxyIp: '203.0.113.254' },
      cdn: { vip: '203.0.113.82', mode: 'dsr', pool: third(2) },
    },
  };
  return plan(sketch);
}

/** Every caller to every service and server, over and over until there are enough. */
function flowsOf(lab: Plan): FlowPlan[] {
  const pairs = CALLERS.flatMap((from) => [...SERVICES, ...SERVERS].map((to) => ({ from, to })));
  return Array.from({ length: FLOWS }, (_, index) => {
    const { from, to } = pairs[index % pairs.length]!;
    return flow(lab, from, to);
  });
}

/** One round on a plan that nothing is known about yet. */
function round(): { ms: number; alternatives: number; works: number } {
  const lab = twentyNodes();
  const flows = flowsOf(lab);
  const start = performance.now();
  const predictions = flows.flatMap((asked) => predict(lab, asked));
  const ms = performance.now() - start;
  return {
    ms,
    alternatives: predictions.length,
    works: predictions.filter(({ outcome }) => outcome === 'works').length,
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const rounds = Array.from({ length: ROUNDS }, round);
const { alternatives, works } = rounds[0]!;
const times = rounds.map(({ ms }) => ms);
const typical = median(times);
console.log(`lab         20 nodes, 3 services (dnat, proxy, dsr)`);
console.log(`flows       ${FLOWS}, in ${alternatives} alternatives, of which ${works} work`);
console.log(`rounds      ${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')} (the first one compiles the code)`);
console.log(
  `median      ${typical.toFixed(0)} ms, ${((typical * 1000) / FLOWS).toFixed(0)} µs a flow; limit ${LIMIT_MS} ms`,
);
process.exitCode = typical < LIMIT_MS ? 0 : 1;
