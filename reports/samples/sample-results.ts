import type { FlowResult, Results, ScenarioResult, VariantResult } from '../../harness/terms/results.ts';
import type { Step } from '../../harness/terms/reason.ts';
import type { Hop, Prediction } from '../../harness/terms/walk.ts';
import type { Mode, Plan } from '../../harness/terms/plan.ts';
import { attemptOf, randomFrom, walkOf } from './sample-attempt.ts';
import { type Case, crossSubnetCases, inLineCases, oneArmCases, PROXY_IP, SHOP, WEB } from './sample-cases.ts';
import { samplePlan } from './sample-labs.ts';

/** Results of a run over three labs, with failures of several kinds; equal on every call. */
export function sampleResults(copies = 1): Results {
  const random = randomFrom(7);
  const scenarios = Array.from({ length: copies }, (_, copy) => {
    const suffix = copy === 0 ? '' : `-${copy + 1}`;
    return [oneArmScenario(suffix, random), inLineScenario(suffix, random), crossSubnetScenario(suffix, random)];
  }).flat();
  return {
    version: 4,
    startedAt: '2026-11-21T22:10:04.000Z',
    durationMs: 11_840 * copies,
    environment: {
      l4lab: '0.1.0',
      node: 'v20.19.2',
      engine: 'Docker 20.10.24',
      kernel: '6.18.0',
      os: 'Debian GNU/Linux 13 (trixie)',
      cpus: 2,
      image: 'l4lab/node:4f1c22',
    },
    scenarios,
  };
}

/** Number of flows in `sampleResults()` with one copy. */
export const SAMPLE_FLOWS = 5 * 4 + 2 * 2 + 3;

/** What a mode needs in a scenario: services on the VIPs of the samples, and settings of the servers. */
function settingsFor(
  mode: Mode,
  pools: { web: string[]; shop?: string[] },
  servers: { gateway?: string; vips?: boolean },
) {
  const { gateway, vips = true } = servers;
  const names = Object.keys(pools);
  const service = (vip: string, pool: string[]) => ({
    ...{ vip, port: 80, mode, pool, check: { type: 'tcp' } },
    ...(mode === 'proxy' ? { proxyIp: PROXY_IP } : {}),
  });
  return {
    services: {
      web: service(WEB, pools.web),
      ...(pools.shop === undefined ? {} : { shop: service(SHOP, pools.shop) }),
    },
    servers: {
      ...(gateway === undefined ? {} : { gateway }),
      ...(mode === 'dsr' && vips ? { loopback: names, arpIgnore: 1, arpAnnounce: 2 } : {}),
    },
  };
}

function oneArmScenario(suffix: string, random: () => number): ScenarioResult {
  const variants: [name: string, title: string, mode: Mode, gateway: 'l3' | 'l4', loopback: boolean][] = [
    ['proxy', 'Proxy IP', 'proxy', 'l3', true],
    ['dnat-gateway-l3', 'No proxy IP, gateway L3', 'dnat', 'l3', true],
    ['dnat-gateway-l4', 'No proxy IP, gateway L4', 'dnat', 'l4', true],
    ['dsr', 'DSR', 'dsr', 'l3', true],
    ['dsr-no-loopback', 'DSR, no loopback VIP', 'dsr', 'l3', false],
  ];
  return scenario(
    {
      name: `one-arm-modes${suffix}`,
      title: 'One-arm: proxy, DNAT and DSR side by side',
      description:
        'The L4 hangs off the L2 beside the servers. Which flows survive which mode, and which gateway must the servers have?',
    },
    variants.map(([name, title, mode, gateway, loopback]) => {
      const pools = { web: ['s1', 's2'], shop: ['b1'] };
      const lab = samplePlan('one-arm', settingsFor(mode, pools, { gateway, vips: loopback }));
      return { name, title, mode, lab, cases: oneArmCases(mode, gateway, loopback) };
    }),
    random,
  );
}

function inLineScenario(suffix: string, random: () => number): ScenarioResult {
  return scenario(
    {
      name: `in-line-recursion${suffix}`,
      title: 'In-line: a server calls its own VIP',
      description:
        'Every packet of the client crosses the L4 anyway; what of a server that calls the VIP of its own pool?',
    },
    (['dnat', 'proxy'] as const).map((mode) => ({
      name: mode,
      title: mode === 'dnat' ? 'No proxy IP' : 'Proxy IP',
      mode,
      lab: samplePlan('in-line', settingsFor(mode, { web: ['s1', 's2'] }, {})),
      cases: inLineCases(mode),
    })),
    random,
  );
}

function crossSubnetScenario(suffix: string, random: () => number): ScenarioResult {
  return scenario(
    {
      name: `cross-subnet${suffix}`,
      title: 'Servers in another subnet than the L4',
      description: 'The CDN case: the pool is behind the router, so nothing but a proxy IP brings the answer back.',
    },
    (['proxy', 'dnat', 'dsr'] as const).map((mode) => ({
      name: mode,
      title: mode === 'proxy' ? 'Proxy IP' : mode === 'dnat' ? 'No proxy IP' : 'DSR',
      mode,
      lab: samplePlan('cross-subnet', settingsFor(mode, { web: ['s1', 's2'] }, {})),
      cases: crossSubnetCases(mode),
    })),
    random,
  );
}

interface SampleVariant {
  name: string;
  title: string;
  mode: Mode;
  lab: Plan;
  cases: Case[];
}

function scenario(
  { name, title, description }: Pick<ScenarioResult, 'name' | 'title' | 'description'>,
  variants: SampleVariant[],
  random: () => number,
): ScenarioResult {
  const file = `scenarios/${variants[0]!.lab.lab}/${name}.yaml`;
  const rows = variants[0]!.cases.map((c, i) => ({
    name: c.flow,
    title: c.title,
    at: { file, line: 34 + i * 9, col: 5 },
  }));
  return {
    name,
    title,
    description,
    file,
    lab: variants[0]!.lab.lab,
    sources: [
      {
        document: 'seed 002',
        passage: 'Proxy IP 미 사용 시 (서비스 불가)',
        settles: 'Without a proxy IP the answer comes from an address that the caller never called.',
      },
    ],
    flows: rows,
    variants: variants.map((variant, i) => variantResult(name, variant, { index: i, rows }, random)),
  };
}

function variantResult(
  scenarioName: string,
  variant: SampleVariant,
  { index, rows }: { index: number; rows: ScenarioResult['flows'] },
  random: () => number,
): VariantResult {
  const { name, title, mode, lab, cases } = variant;
  const flows = cases.map((c, i) => flowResult(scenarioName, variant, { ...c, at: rows[i]!.at }, random));
  return {
    name,
    title,
    at: { file: rows[0]!.at.file, line: 200 + index * 9, col: 3 },
    change: index === 0 ? '' : `services:\n  web:\n    mode: ${mode}\n  shop:\n    mode: ${mode}\n`,
    plan: {
      ...lab,
      scenario: scenarioName,
      variant: name,
      flows: cases.map((c, i) => ({
        name: c.flow,
        from: c.from,
        source: c.source,
        to: c.to,
        address: c.address,
        protocol: c.protocol,
        port: c.protocol === 'icmp' ? 0 : 80,
        repeat: 2,
        expect: { outcome: 'works' },
        at: rows[i]!.at,
      })),
    },
    flows,
    balancers: {
      l4: {
        kind: 'l4lab',
        config: JSON.stringify(lab.nodes.find((n) => n.balancer)?.balancer?.config, null, 2),
        rules: `table ip l4lab {\n  map web {\n    type inet_service : ipv4_addr\n    elements = { 0 : 203.0.113.11, 1 : 203.0.113.12 }\n  }\n}\n`,
        log: ['level=info msg="applied" services=2 ms=11', 'level=info msg="server up" service=web server=s1'],
      },
    },
    logs: Object.fromEntries(
      lab.nodes.map((n) => [n.name, [`agent ready in ${(random() * 90).toFixed(0)} ms`, 'configured']]),
    ),
    timings: {
      bootMs: index === 0 ? 1600 + random() * 300 : 0,
      configureMs: 30 + random() * 20,
      flowsMs: 200 + random() * 1400,
      resetMs: 12 + random() * 8,
    },
  };
}

function flowResult(
  scenarioName: string,
  { name: variant, lab, mode }: SampleVariant,
  c: Case & Pick<FlowResult, 'at'>,
  random: () => number,
): FlowResult {
  const outcome = c.cause ? 'fails' : 'works';
  const expected: FlowResult['expected'] =
    c.expect ??
    (c.cause
      ? { outcome: 'fails', cause: c.cause.code, at: c.cause.node }
      : { outcome: 'works', ...(c.servedBy ? { servedBy: { one: c.servedBy } } : {}) });
  const attempts = c.notRun ? [] : [attemptOf(lab.nodes, c, random), attemptOf(lab.nodes, c, random)];
  const verdict = c.notRun ? 'not-run' : expected.outcome === outcome ? 'pass' : 'fail';
  const prediction: Prediction = {
    ...walkOf(
      lab.nodes,
      verdict === 'fail' && mode === 'dsr' ? { ...c, reply: { path: ['s1', 'l2', 'l3', 'client'] } } : c,
      40_000,
    ),
    l4: c.picked === null ? null : 'l4',
    picked: c.picked,
    outcome,
    cause: c.cause,
    servedBy: c.servedBy,
    sourceSeen: c.sourceSeen,
    findings: c.findings,
  };
  return {
    name: c.flow,
    protocol: c.protocol,
    from: c.from,
    to: 'service' in c.to ? `${c.to.service} (${c.address}:80)` : `${c.to.node} (${c.address})`,
    at: c.at,
    expected,
    verdict,
    reasons: c.notRun
      ? [{ code: 'node-gone', params: { node: 'l4', exitCode: null, output: '' } }]
      : verdict === 'fail'
        ? [{ code: 'expected-to-work', params: { failed: 2, attempts: 2, cause: c.cause } }]
        : [],
    outcome: c.notRun ? null : outcome,
    cause: c.notRun ? null : c.cause,
    findings: c.findings,
    predicted: [prediction],
    disagreement:
      verdict === 'fail' && mode === 'dsr'
        ? {
            code: 'path-differs',
            params: { hop: { leg: 'reply', number: 1, seen: null, predicted: stepOf(prediction.reply[0]!) } },
          }
        : null,
    counterfactuals: c.cause
      ? [
          {
            fixes: [{ code: 'use-proxy', params: { service: 'web' } }],
            change: 'services:\n  web:\n    mode: proxy\n',
            proven: true,
          },
          {
            fixes: [{ code: 'servers-gateway', params: { gateway: 'l4' } }],
            change: 'servers:\n  gateway: l4\n',
            proven: null,
          },
        ]
      : [],
    attempts,
    controls: c.cause
      ? [
          {
            from: c.from,
            to: 's1',
            address: '203.0.113.11',
            protocol: 'http',
            port: 80,
            works: true,
            client: '200',
            cause: null,
          },
        ]
      : [],
    rerun: `npx l4lab run ${scenarioName} --variant ${variant} --flow ${c.flow}`,
    durationMs: attempts.reduce((sum, a) => sum + a.durationMs, 0),
  };
}

function stepOf({ node, iface, direction, src, dst, ttl }: Hop): Step {
  return { node, iface, direction, src, dst, ttl };
}
