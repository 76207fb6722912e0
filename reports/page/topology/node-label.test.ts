import { samplePlan } from '../../samples/sample-labs.ts';
import { nodeLabel } from './node-label.ts';

test('a load balancer lists the properties of its services', () => {
  const l4 = samplePlan('one-arm').nodes.find(({ name }) => name === 'l4')!;
  const web = { name: 'web', vip: '203.0.113.80', port: 80, protocol: 'tcp', mode: 'dnat', pool: [] } as const;
  const services = [
    { ...web, pool: [], l4s: [{ node: 'l4', proxyIps: [] }], like: 'aws-nlb' as const },
    { ...web, name: 'plain', pool: [], l4s: [{ node: 'l4', proxyIps: [] }] },
  ];
  expect(nodeLabel(l4, services).lines.flatMap(({ kind, text }) => (kind === 'vip' ? [text] : []))).toEqual([
    'VIP 203.0.113.80:80 web (dnat, like aws-nlb)',
    'VIP 203.0.113.80:80 plain (dnat)',
  ]);
});

test('a load balancer that is a server as well says so', () => {
  const { nodes } = samplePlan('one-arm');
  const web = { name: 'web', vip: '203.0.113.80', port: 80, protocol: 'tcp', mode: 'dnat' } as const;
  const pool = ['l4', 's1'].map((node) => ({ node, address: '', port: 80 }));
  const notes = (name: string): string[] =>
    nodeLabel(
      nodes.find((node) => node.name === name)!,
      [{ ...web, pool, l4s: [] }],
    ).lines.flatMap(({ kind, text }) => (kind === 'note' ? [text] : []));
  expect(notes('l4')).toEqual(['server of web']);
  expect(notes('s1')).toEqual([]);
});
