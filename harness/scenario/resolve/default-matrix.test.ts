import { readLab } from '../read/read.ts';
import { defaultMatrix } from './default-matrix.ts';
import { parseYaml } from '../yaml-file.ts';

const matrixOf = (text: string) => {
  const yaml = parseYaml('labs/mine.yaml', text);
  return defaultMatrix({ name: 'mine', lab: readLab(yaml), yaml }).scenario;
};

const NODES = 'client: { role: client }, l2: { role: l2 }, s1: { role: server }';
const LINKS = '{ client: 2001:db8::10/64, l2: ~ }, { s1: 2001:db8::11/64, l2: ~ }';

test('a lab with two L4s has a service, its flows and its gateway for each', () => {
  const { file, variants } = matrixOf(`title: Two
nodes: { ${NODES}, a: { role: l4 }, b: { role: l4 } }
links: [${LINKS}, { a: 2001:db8::2/64, l2: ~ }, { b: 2001:db8::3/64, l2: ~ }]
`);
  expect(Object.entries(file.services).map(([name, { l4, vip }]) => [name, l4, vip])).toEqual([
    ['web-a', 'a', '2001:db8::4'],
    ['web-b', 'b', '2001:db8::5'],
  ]);
  expect(Object.keys(file.flows)).toEqual(['client-to-web-a', 's1-to-web-a', 'client-to-web-b', 's1-to-web-b']);
  expect(variants.map(({ name }) => name)).toContain('dsr-gateway-b');
});

test('a lab without a matrix is reported with its line', () => {
  expect(() => matrixOf(`title: None\nnodes: { ${NODES} }\nlinks: [${LINKS}]\n`)).toThrow(
    'labs/mine.yaml:2:1: nodes: a matrix needs a node with role l4',
  );
});

test('a mode that settings of the lab exclude is omitted and reported', () => {
  const filtered = 'l4: { role: l4, filter: [{ drop: { from: client } }] }';
  const yaml = parseYaml(
    'labs/mine.yaml',
    `title: Filtered
nodes: { ${NODES}, ${filtered} }
links: [${LINKS}, { l4: 2001:db8::2/64, l2: ~ }]
`,
  );
  const { scenario, leftOut } = defaultMatrix({ name: 'mine', lab: readLab(yaml), yaml });
  expect(scenario.variants.map(({ name }) => name)).toEqual(['dnat-gateway-l4', 'proxy-gateway-l4']);
  expect(leftOut).toEqual([{ variant: 'dsr-gateway-l4', mistakes: [expect.stringContaining('filter')] }]);
});
