import { parseYaml } from '../../harness/scenario/yaml-file.ts';
import { readLab, readScenario } from '../../harness/scenario/read/read.ts';
import { resolvePlan } from '../../harness/scenario/resolve/resolve.ts';
import type { Plan } from '../../harness/terms/plan.ts';

/** What a scenario adds to a lab, as YAML. */
type Settings = Record<string, unknown>;

const CLIENT_AND_L3 = `
  client: { role: client, gateway: l3 }
  l3: { role: l3 }
  l2: { role: l2 }`;

const LABS = {
  'one-arm': `
nodes: ${CLIENT_AND_L3}
  l4: { role: l4, gateway: l3 }
  s1: { role: server, gateway: l3 }
  s2: { role: server, gateway: l3 }
  b1: { role: server, gateway: l3 }
links:
  - { client: 198.51.100.10/24, l3: 198.51.100.1/24 }
  - { l3: 203.0.113.1/24, l2: ~ }
  - { l4: 203.0.113.2/24, l2: ~ }
  - { s1: 203.0.113.11/24, l2: ~ }
  - { s2: 203.0.113.12/24, l2: ~ }
  - { b1: 203.0.113.21/24, l2: ~ }`,
  'in-line': `
nodes: ${CLIENT_AND_L3}
  l4: { role: l4, gateway: l3 }
  s1: { role: server, gateway: l4 }
  s2: { role: server, gateway: l4 }
links:
  - { client: 198.51.100.10/24, l3: 198.51.100.1/24 }
  - { l3: 203.0.113.129/25, l4: 203.0.113.130/25 }
  - { l4: 203.0.113.2/25, l2: ~ }
  - { s1: 203.0.113.11/25, l2: ~ }
  - { s2: 203.0.113.12/25, l2: ~ }`,
  'cross-subnet': `
nodes: ${CLIENT_AND_L3}
  l4: { role: l4, gateway: l3 }
  l2b: { role: l2 }
  s1: { role: server, gateway: l3 }
  s2: { role: server, gateway: l3 }
links:
  - { client: 198.51.100.10/24, l3: 198.51.100.1/24 }
  - { l3: 203.0.113.1/25, l2: ~ }
  - { l4: 203.0.113.2/25, l2: ~ }
  - { l3: 203.0.113.129/25, l2b: ~ }
  - { s1: 203.0.113.141/25, l2b: ~ }
  - { s2: 203.0.113.142/25, l2b: ~ }`,
  pair: `
nodes: ${CLIENT_AND_L3}
  l4a: { role: l4, gateway: l3 }
  l4b: { role: l4, gateway: l3 }
  s1: { role: server, gateway: l3 }
  s2: { role: server, gateway: l3 }
  s3: { role: server, gateway: l3 }
links:
  - { client: 198.51.100.10/24, l3: 198.51.100.1/24 }
  - { l3: 203.0.113.1/24, l2: ~ }
  - { l4a: 203.0.113.2/24, l2: ~ }
  - { l4b: 203.0.113.3/24, l2: ~ }
  - { s1: 203.0.113.11/24, l2: ~ }
  - { s2: 203.0.113.12/24, l2: ~ }
  - { s3: 203.0.113.13/24, l2: ~ }`,
};

/** The plan of a sample lab, made by the product's reader and resolver. */
export function samplePlan(lab: keyof typeof LABS, settings: Settings = {}): Plan {
  const nobody = { flows: { 'client-to-s1': { from: 'client', to: 's1', port: 80, expect: 'works' } } };
  const body = 'steps' in settings ? settings : { ...nobody, ...settings };
  const read = readLab(parseYaml(`labs/${lab}.yaml`, `title: ${lab}${LABS[lab]}\n`));
  const text = JSON.stringify({ title: 'Sample', lab, ...body });
  const scenario = readScenario('sample', lab, read, parseYaml('scenarios/sample.yaml', text));
  return resolvePlan(scenario, scenario.variants[0]!);
}
