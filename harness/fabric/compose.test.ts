import { parse } from 'yaml';
import type { NodePlan, Plan } from '../terms/plan.ts';
import { composeFile } from './compose.ts';

const node = (name: string, peer: string, mac: string): NodePlan => ({
  name,
  role: 'l4',
  interfaces: [{ name: peer, peer, mac, addresses: [] }],
  loopback: [],
  routes: [],
  sysctls: {},
  bridge: false,
  firewall: 'none',
  listeners: [],
  balancer: null,
});
const plan = (nodes: NodePlan[]): Plan => ({
  lab: 'lab',
  scenario: 'a/b',
  variant: 'as-it-is',
  nodes,
  links: [
    {
      ends: [
        { node: 'l4', iface: 's1' },
        { node: 's1', iface: 'l4' },
      ],
    },
  ],
  services: [],
  flows: [],
  neighbours: 'warm',
});
const OPTIONS = { image: 'l4lab', head: ['made for a test'], neighbours: [], up: [] };
const servicesOf = (text: string) => (parse(text) as { services: Record<string, { command?: string[] }> }).services;

const l4 = node('l4', 's1', '02:00:00:00:00:01');
const s1 = node('s1', 'l4', '02:00:00:00:00:02');

test('networks become plain cables if a MAC may appear at both ends; otherwise nothing changes on the host', () => {
  expect(Object.keys(servicesOf(composeFile(plan([l4, s1]), OPTIONS)))).toEqual(['l4', 's1']);
  const twins = composeFile(plan([l4, node('s1', 'l4', '02:00:00:00:00:01')]), OPTIONS);
  const [, bridge] = /com\.docker\.network\.bridge\.name: (\S+)/.exec(twins)!;
  expect(servicesOf(twins)['cables_of_host']?.command?.join(' ')).toContain(`${bridge} type bridge ageing_time 0`);
});

test('text that looks like a Compose variable reaches the node unchanged', () => {
  const text = composeFile(plan([{ ...l4, sysctls: { a: '$HOME' } }, s1]), OPTIONS);
  expect(text).toContain('"a":"$$HOME"');
});

test('a node with more settings than a container accepts is refused, with its name', () => {
  const large = { ...l4, loopback: Array.from({ length: 8000 }, (_, n) => `2001:db8::${n}/128`) };
  expect(() => composeFile(plan([large, s1]), OPTIONS)).toThrow(/^nodes\.l4: its settings take \d+ KiB, but/);
});
