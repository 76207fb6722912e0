import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { InputError } from '../../errors.ts';
import { readLab, readScenario } from './read.ts';
import { resolvePlan } from '../resolve/resolve.ts';
import { parseYaml } from '../yaml-file.ts';

const LAB = parseYaml('labs/one-arm.yaml', readFileSync('labs/one-arm.yaml', 'utf8'));

const GOOD = {
  title: 'Proxy',
  lab: 'one-arm',
  servers: { gateway: 'l3', loopback: ['web'], listeners: ['80/tcp'], routes: [{ to: '10.0.0.0/8', via: 'l3' }] },
  nodes: { s1: { address: '203.0.113.99/24', mtu: 1400, down: ['l2'] }, l4: { vipOwner: false } },
  services: {
    web: { vip: '203.0.113.80', port: 80, mode: 'proxy', proxyIp: ['203.0.113.254'], pool: ['s1', 's2'], l4: 'l4' },
  },
  flows: {
    called: { from: 'client', to: 'web', expect: { outcome: 'works', servedBy: { eachOf: ['s1', 's2'] } } },
    direct: { from: 's1', to: 's2', port: 80, expect: { outcome: 'fails', cause: 'refused', at: 's2' } },
  },
  variants: { dnat: { change: { services: { web: { mode: 'dnat', proxyIp: null } } }, expect: { called: 'works' } } },
};

function read(lab: unknown, scenario: unknown): void {
  const labYaml = parseYaml('lab.yaml', stringify(lab));
  const read = readScenario('x', 'one-arm', readLab(labYaml), parseYaml('scenario.yaml', stringify(scenario)));
  for (const variant of read.variants) resolvePlan(read, variant);
}

test('an unknown cause is reported with a suggestion, and where all are explained', () => {
  const scenario = {
    ...GOOD,
    flows: { direct: { ...GOOD.flows.direct, expect: { outcome: 'fails', cause: 'no-neihgbour' } } },
  };
  expect(() => read(LAB.value, scenario)).toThrow(
    `scenario.yaml:38:7: flows.direct.expect.cause: must be a cause, not \`no-neihgbour\` (did you mean \`no-neighbour\`?); \`npx l4lab causes\` explains each`,
  );
});

test('addresses are normalised', () => {
  const text = readFileSync('labs/one-arm.yaml', 'utf8')
    .replaceAll('203.0.113.', '2001:DB8:0::')
    .replaceAll('/24', '/64');
  const lab = readLab(
    parseYaml(
      'lab.yaml',
      text.replace('198.51.100.10/64', '2001:DB8:0:1:0::A/64').replace('198.51.100.1/64', '2001:db8:0:1::01/64'),
    ),
  );
  expect(lab.links[0]).toEqual({ client: '2001:db8:0:1::a/64', l3: '2001:db8:0:1::1/64' });
  expect(lab.links[3]).toEqual({ s1: '2001:db8::11/64', l2: null });
});

test('a mistake in an anchor that is used twice is reported where it is used', () => {
  const text =
    'title: a\nlab: one-arm\nflows:\n  a: { from: client, to: s1, port: 80, expect: &bad { outcome: fails } }\n  b: { from: client, to: s1, port: 80, expect: *bad }\n';
  expect(() => readScenario('x', 'one-arm', readLab(LAB), parseYaml('s.yaml', text))).toThrow(
    /^s.yaml:4:40: flows.a.expect.cause: is missing; .*\ns.yaml:5:40: flows.b.expect.cause: is missing; .*$/,
  );
});

test('merge keys add fields that a mapping does not have', () => {
  const text = `title: a
lab: one-arm
flows:
  a: &a { from: client, to: s1, port: 80, expect: works }
  b: { <<: *a, to: s2 }
`;
  const { file } = readScenario('x', 'one-arm', readLab(LAB), parseYaml('s.yaml', text));
  expect(file.flows['b']).toEqual({ ...file.flows['a'], to: 's2' });
});

/** Values that somebody might write in place of the right one, and words that JavaScript knows otherwise. */
const anything = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    '',
    'l3',
    's1',
    'web',
    'none',
    'auto',
    '203.0.113.1',
    '2001:db8::1/64',
    '::/0',
  ),
  fc.constantFrom<unknown>('constructor', 'toString', '__proto__', { constructor: 'l4' }, [], {}, ['l2'], [null]),
  fc.jsonValue(),
);

test('names such as `constructor` are ordinary names', () => {
  const scenario = { ...GOOD, flows: { called: { ...GOOD.flows.called, to: 'constructor', from: 'constructor' } } };
  expect(() => read(LAB.value, scenario)).toThrow(
    /called\.from: must be another name.*\n.*called\.to: must be another name/,
  );
});

test.each([
  ['scenario', GOOD, (value: unknown) => read(LAB.value, value)],
  ['lab', LAB.value, (value: unknown) => read(value, GOOD)],
])('any value in any place of a %s gives a plan or a mistake', (_, good, reader) => {
  fc.assert(
    fc.property(fc.constantFrom(...pathsOf(good)), anything, (path, value) => {
      try {
        reader(replaced(good, path, value));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { numRuns: 150 },
  );
});

type Path = (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  const copy = (Array.isArray(value) ? value.slice() : { ...(value as object) }) as Record<string | number, unknown>;
  copy[step] = replaced(copy[step], rest, by);
  return copy;
}
