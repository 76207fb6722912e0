import { readLab, readScenario } from '../scenario/read.ts';
import { parseYaml } from '../scenario/yaml-file.ts';
import { changedVariant } from './what-if.ts';

test('a change on top of a variant removes what the variant itself leaves alone', () => {
  const lab = readLab(
    parseYaml(
      'lab.yaml',
      `
title: Two nodes
nodes: { l4: { role: l4 }, s1: { role: server } }
links: [{ l4: 203.0.113.2/24, s1: 203.0.113.11/24 }]
`,
    ),
  );
  const yaml = parseYaml(
    'scenario.yaml',
    `
title: Proxy
lab: lab
services: { web: { vip: 203.0.113.80, port: 80, mode: proxy, proxyIp: auto, pool: [s1] } }
flows: { call: { from: s1, to: web, expect: works } }
variants: { quiet: { change: { servers: { arpIgnore: 1 } } } }
`,
  );
  const scenario = readScenario('proxy', 'lab', lab, yaml);
  const change = { services: { web: { mode: 'dnat', proxyIp: null } } };
  const changed = changedVariant({ scenario, yaml }, scenario.variants[0]!, change);
  expect(changed?.scenario.services['web']).toMatchObject({ mode: 'dnat' });
  expect(changed?.scenario.services['web']).not.toHaveProperty('proxyIp');
  expect(changed?.scenario.servers).toEqual({ arpIgnore: 1 });
});
