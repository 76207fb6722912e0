import { predict } from '../harness/model/predict.ts';
import type { FlowPlan, Plan } from '../harness/terms/plan.ts';
import { planFrom } from './plan-from.ts';

const FLOWS = 1000;
const ROUNDS = 7;
const LIMIT_MS = 1000;
const SERVERS = Array.from({ length: 15 }, (_, index) => `s${index + 1}`);
const CALLERS = ['client', 'client2', ...SERVERS];
const SERVICES = ['web', 'api', 'cdn'];

/**
 * Twenty nodes, one-arm: two clients, l3, l2, l4 and fifteen servers, with one service in each mode. Every caller calls
 * every service and server.
 */
function twentyNodes(): Plan {
  const third = (index: number): string[] => SERVERS.slice(index * 5, index * 5 + 5);
  const lab = {
    nodes: {
      client: { role: 'client', gateway: 'l3' },
      client2: { role: 'client', gateway: 'l3' },
      l3: { role: 'l3' },
      l2: { role: 'l2' },
      l4: { role: 'l4', gateway: 'l3' },
      ...Object.fromEntries(SERVERS.map((name) => [name, { role: 'server' }])),
    },
    links: [
      { client: '198.51.100.10/25', l3: '198.51.100.1/25' },
      { client2: '198.51.100.140/25', l3: '198.51.100.129/25' },
      { l3: '203.0.113.1/24', l2: null },
      { l4: '203.0.113.2/24', l2: null },
      ...SERVERS.map((name, index) => ({ [name]: `203.0.113.${index + 11}/24`, l2: null })),
    ],
  };
  const works = { port: 80, expect: 'works' };
  return planFrom(lab, {
    servers: { gateway: 'l3', arpIgnore: 1, arpAnnounce: 2, listeners: ['80/tcp'] },
    nodes: Object.fromEntries(third(2).map((name) => [name, { loopback: ['cdn'] }])),
    services: {
      web: { vip: '203.0.113.80', port: 80, mode: 'dnat', pool: third(0) },
      api: { vip: '203.0.113.81', port: 80, mode: 'proxy', pool: third(1), proxyIp: '203.0.113.254' },
      cdn: { vip: '203.0.113.82', port: 80, mode: 'dsr', pool: third(2) },
    },
    flows: Object.fromEntries(
      CALLERS.flatMap((from): [string, object][] => [
        ...SERVICES.map((to): [string, object] => [`${from}-to-${to}`, { from, to, expect: 'works' }]),
        ...SERVERS.map((to): [string, object] => [`${from}-to-${to}`, { from, to, ...works }]),
      ]),
    ),
  });
}

/** The flows of the lab, repeated until there are enough. */
function flowsOf({ flows }: Plan): FlowPlan[] {
  return Array.from({ length: FLOWS }, (_, index) => flows[index % flows.length]!);
}

/** One round on a new plan, for which nothing is cached. */
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
