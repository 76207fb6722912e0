import { readLab, readScenario } from '../../scenario/read/read.ts';
import { parseYaml } from '../../scenario/yaml-file.ts';
import type { LoadedScenario } from '../../scenario/resolve/plans.ts';
import { resolvePlan } from '../../scenario/resolve/resolve.ts';
import type { FlowResult, ScenarioResult } from '../../terms/results.ts';
import { predict } from '../predict.ts';
import { cause } from '../../terms/cause.ts';
import { onlyHealthyRecords } from './name-candidates.ts';
import { changedVariant, fixesFor, withCounterfactuals } from './what-if.ts';

/** A scenario on a lab, both as text. */
function loadedFrom(lab: string, text: string): LoadedScenario {
  const yaml = parseYaml('scenario.yaml', text);
  return { scenario: readScenario('test', 'lab', readLab(parseYaml('lab.yaml', lab)), yaml), yaml };
}

test('a change on top of a variant removes what the variant itself leaves alone', () => {
  const lab = `
title: Two nodes
nodes: { l4: { role: l4 }, s1: { role: server } }
links: [{ l4: 203.0.113.2/24, s1: 203.0.113.11/24 }]
`;
  const loaded = loadedFrom(
    lab,
    `
title: Proxy
lab: lab
services: { web: { vip: 203.0.113.80, port: 80, mode: proxy, proxyIp: auto, pool: [s1] } }
flows: { call: { from: s1, to: web, expect: works } }
variants: { quiet: { change: { servers: { arpIgnore: 1 } } } }
`,
  );
  const { scenario } = loaded;
  const change = { services: { web: { mode: 'dnat', proxyIp: null } } };
  const changed = changedVariant(loaded, scenario.variants[0]!, change);
  expect(changed?.scenario.services['web']).toMatchObject({ mode: 'dnat' });
  expect(changed?.scenario.services['web']).not.toHaveProperty('proxyIp');
  expect(changed?.scenario.servers).toEqual({ arpIgnore: 1 });
});

test("a fix is found regardless of the scenario's expectations of the changed variant", () => {
  const lab = `
title: Three nodes
nodes: { client: { role: client }, l4: { role: l4 }, s1: { role: server }, s2: { role: server } }
links: [{ client: 198.51.100.10/24, l4: 198.51.100.1/24 }, { s1: 203.0.113.11/24, l4: 203.0.113.1/24 }, { s2: 192.0.2.12/24, l4: 192.0.2.1/24 }]
`;
  const loaded = loadedFrom(
    lab,
    `
title: Once
lab: lab
servers: { gateway: l4 }
nodes: { client: { gateway: l4 } }
services: { web: { vip: 198.51.100.80, port: 80, mode: dnat, pool: [s1, s2] } }
flows: { call: { from: client, to: web, repeat: 2, expect: { outcome: works, servedBy: { counts: { s1: 1, s2: 1 } } } } }
variants:
  once:
    change: { flows: { call: { repeat: 1 } }, servers: { listeners: [] } }
    expect: { call: { outcome: fails, cause: refused } }
`,
  );
  const variant = loaded.scenario.variants.find(({ name }) => name === 'once')!;
  const plan = resolvePlan(loaded.scenario, variant);
  const [flow] = plan.flows;
  const helps = fixesFor({ loaded, variant, plan, flow: flow!, cause: predict(plan, flow!)[0]!.cause });
  expect(helps.length).toBeGreaterThan(0);
});

test('a missing listener is proposed on the called port', () => {
  const lab = `
title: Three nodes
nodes: { l4: { role: l4 }, s1: { role: server }, s2: { role: server }, s3: { role: server } }
links: [{ s3: 203.0.113.13/24, l4: 203.0.113.1/24 }, { s1: 192.0.2.11/24, l4: 192.0.2.1/24 }, { s2: 198.51.100.12/24, l4: 198.51.100.1/24 }]
`;
  const loaded = loadedFrom(
    lab,
    `
title: Ports
lab: lab
servers: { gateway: l4, listeners: [] }
services: { web: { vip: 203.0.113.80, port: 80, mode: dnat, pool: [{ node: s1, port: 8080 }, s2] } }
flows: { call: { from: s3, to: web, repeat: 2, expect: works } }
`,
  );
  const [variant] = loaded.scenario.variants;
  const plan = resolvePlan(loaded.scenario, variant!);
  const flow = plan.flows[0]!;
  const [first] = fixesFor({ loaded, variant: variant!, plan, flow, cause: predict(plan, flow)[0]!.cause });
  expect(first).toMatchObject({
    fixes: [
      { code: 'listen', params: { nodes: ['s1'], port: 8080, protocol: 'tcp' } },
      { code: 'listen', params: { nodes: ['s2'], port: 80, protocol: 'tcp' } },
    ],
    patch: { nodes: { s1: { listeners: ['8080/tcp'] }, s2: { listeners: ['80/tcp'] } } },
  });
});

describe('calls of a name', () => {
  const lab = `
title: A DNS server
nodes: { client: { role: client }, dns: { role: server }, l4: { role: l4 }, s1: { role: server }, s2: { role: server } }
links:
  - { client: 192.0.2.2/24, l4: 192.0.2.1/24 }
  - { dns: 198.51.100.53/24, l4: 198.51.100.1/24 }
  - { s1: 203.0.113.11/25, l4: 203.0.113.1/25 }
  - { s2: 203.0.113.139/25, l4: 203.0.113.129/25 }
`;

  /** What helps against the failure of a call, with the server of b down. */
  function helps(check: string, name: string, call: string): ReturnType<typeof fixesFor> {
    const loaded = loadedFrom(
      lab,
      `
title: Names
lab: lab
servers: { gateway: l4 }
nodes: { client: { gateway: l4 }, s2: { listeners: [] } }
services:
  a: { vip: 203.0.113.10, port: 80, mode: dnat, pool: [s1], check: { type: ${check} } }
  b: { vip: 203.0.113.138, port: 80, mode: dnat, pool: [s2], check: { type: ${check} } }
names: { www.example.test: { server: dns, records: [b, a], ${name} } }
flows: { call: { from: client, to: www.example.test, ${call}, expect: works } }
`,
    );
    const [variant] = loaded.scenario.variants;
    const plan = resolvePlan(loaded.scenario, variant!);
    const flow = plan.flows[0]!;
    const { cause } = predict(plan, flow).find(({ outcome }) => outcome === 'fails')!;
    return fixesFor({ loaded, variant: variant!, plan, flow, cause });
  }

  test('health checks help if an answer has the address of a service that is down', () => {
    const found = helps('none', 'ttl: 5m', 'repeat: 2');
    expect(found.map(({ fixes }) => fixes.map(({ code }) => code))).toEqual([['listen'], ['only-healthy', 'check-on']]);
    expect(found[1]!.patch).toEqual({
      names: { 'www.example.test': { onlyHealthy: true } },
      services: { b: { check: { type: 'tcp', intervalMs: 2000 } } },
    });
  });

  test('a check that a service has is not proposed again, also if its load balancer is off', () => {
    const { scenario } = loadedFrom(
      lab,
      `
title: Names
lab: lab
nodes: { client: { gateway: l4 }, l4: { lb: off } }
services:
  a: { vip: 203.0.113.10, port: 80, mode: dnat, pool: [s1], check: { type: tcp } }
  b: { vip: 203.0.113.138, port: 80, mode: dnat, pool: [s2] }
names: { www.example.test: { server: dns, records: [b, a] } }
flows: { call: { from: client, to: www.example.test, expect: works } }
`,
    );
    const [variant] = scenario.variants;
    const plan = resolvePlan(scenario, variant!);
    const refused = cause('refused', 'listener-missing', { node: 'l4', address: '', port: 80, protocol: 'tcp' });
    const failure = { lab: scenario.lab, scenario: variant!.scenario, plan, flow: plan.flows[0]!, cause: refused };
    const codes = onlyHealthyRecords(failure).map(({ fixes }) => fixes.map(({ code }) => code));
    expect(codes).toEqual([['only-healthy', 'check-on'], ['only-healthy']]);
  });

  test('a shorter TTL helps against an outdated answer', () => {
    const found = helps('tcp', 'policy: failover, ttl: 5m', 'cachedAnswer: { record: b, age: 90s }');
    expect(found.map(({ fixes }) => fixes.map(({ code }) => code))).toEqual([['shorter-ttl'], ['listen']]);
    expect(found[0]!.patch).toEqual({ names: { 'www.example.test': { ttl: '90s' } } });
  });
});

test('a predicted failure has fixes, one whose prediction and observation differ has none', () => {
  const lab = `
title: Two nodes
nodes: { client: { role: client }, s1: { role: server } }
links: [{ client: 203.0.113.2/24, s1: 203.0.113.11/24 }]
`;
  const loaded = loadedFrom(
    lab,
    `
title: Refused
lab: lab
flows: { call: { from: client, to: s1, port: 80, expect: works } }
`,
  );
  const { scenario } = loaded;
  const [variant] = scenario.variants;
  const plan = resolvePlan(scenario, variant!);
  const [flow] = plan.flows;
  const predicted = predict(plan, flow!);
  const seen: FlowResult = {
    name: 'call',
    protocol: 'http',
    from: 'client',
    to: 's1',
    at: flow!.at,
    expected: flow!.expect,
    verdict: 'fail',
    reasons: [],
    outcome: 'fails',
    cause: predicted[0]!.cause,
    findings: [],
    predicted,
    disagreement: null,
    counterfactuals: [],
    attempts: [],
    controls: [],
    rerun: '',
    durationMs: 0,
  };
  const helps = (of: FlowResult) => {
    const { name, title } = variant!;
    const timings = { bootMs: 0, configureMs: 0, flowsMs: 0, resetMs: 0 };
    const variants = [{ name, title, at: flow!.at, change: '', plan, flows: [of], balancers: {}, logs: {}, timings }];
    const result: ScenarioResult = {
      name: 'refused',
      title: 'Refused',
      description: '',
      file: '',
      lab: 'lab',
      sources: [],
      flows: [],
      variants,
    };
    return withCounterfactuals(result, loaded).variants[0]!.flows[0]!.counterfactuals;
  };
  expect(helps(seen)).toMatchObject([{ fixes: [{ code: 'listen' }] }]);
  const differing = { seen: 's1', predicted: 's2', hop: null };
  expect(helps({ ...seen, disagreement: { code: 'server-differs', params: differing } })).toEqual([]);
  // A stream in a step is no flow of the plan.
  expect(helps({ ...seen, name: 'step.calls' })).toEqual([]);
});
