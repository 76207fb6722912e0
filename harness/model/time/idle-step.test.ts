import { readFileSync } from 'node:fs';
import { readLab, readScenario } from '../../scenario/read/read.ts';
import { resolvePlan } from '../../scenario/resolve/resolve.ts';
import { parseYaml } from '../../scenario/yaml-file.ts';
import { predict } from '../predict.ts';
import { predictTimeline } from './timeline.ts';

const LAB = readLab(parseYaml('one-arm.yaml', readFileSync('labs/one-arm.yaml', 'utf8')));

/** Why a call of a service fails as a flow, and in a step that changes nothing: `CODE NODE`. */
function causes(mode: string, nodes: string): { flow: string; step: string } {
  const yaml = parseYaml(
    'scenario.yaml',
    `
title: test
lab: one-arm
servers: { gateway: l4 }
services: { web: { vip: 203.0.113.80, port: 80, ${mode}, pool: [s1] } }
nodes: { ${nodes} }
flows: { call: { from: client, to: web, expect: works } }
streams: { calls: { from: client, to: web, every: 100ms } }
steps: { nothing: { for: 1s, expect: { calls: works } } }
`,
  );
  const scenario = readScenario('test', 'one-arm', LAB, yaml);
  const plan = resolvePlan(scenario, scenario.variants[0]!);
  const inWords = (cause: { code: string; node: string } | null | undefined): string =>
    cause ? `${cause.code} ${cause.node}` : 'works';
  const [flow] = predict(plan, plan.flows[0]!);
  const [step] = predictTimeline(plan);
  return { flow: inWords(flow!.cause), step: inWords(step![0]!.settled![0]!.cause) };
}

describe.each(['mode: dnat', 'mode: proxy, proxyIp: auto'])('%s', (mode) => {
  test.each([
    ['', 'works'],
    ['client: { filter: [{ drop: { from: web } }] }', 'filtered client'],
    ['l3: { filter: [{ drop: { to: client } }] }', 'filtered l3'],
    ['l4: { filter: [{ drop: { from: s1 } }] }', 'filtered l4'],
    ['l4: { gateway: none }', 'no-route l4'],
    ['s1: { listeners: [] }', 'refused s1'],
  ])('a step without actions predicts what the flow does: %s', (nodes, expected) => {
    expect(causes(mode, nodes)).toEqual({ flow: expected, step: expected });
  });
});
