import { readFileSync } from 'node:fs';
import { fieldRows } from './field-reference.ts';

test('every field has a row with its type, whether it is required, and its meaning', () => {
  const server = { type: 'object', properties: { node: { type: 'string' } }, required: ['node'] };
  const rows = fieldRows({
    type: 'object',
    properties: {
      port: { type: 'integer', minimum: 1, maximum: 65535, description: 'Where it listens.' },
      pool: { type: 'array', items: { anyOf: [{ type: 'string' }, server] } },
      nodes: { type: 'object', additionalProperties: { type: 'object', properties: { lb: { enum: ['on', 'off'] } } } },
    },
    required: ['port'],
  });
  expect(rows).toEqual([
    '| `port` | number 1 to 65535 | Where it listens. **Required.** |',
    '| `pool` | list of text or mapping of node |  |',
    '| `pool[].node` | text | **Required.** |',
    '| `nodes` | mapping by name |  |',
    '| `nodes.NAME.lb` | `on`, `off` |  |',
  ]);
});

test('the fields of a mapping are listed once', () => {
  const settings = { type: 'object', properties: { mtu: { type: 'integer' } } };
  const nodes = { type: 'object', additionalProperties: settings };
  expect(fieldRows({ properties: { servers: settings, nodes } })).toEqual([
    '| `servers` | mapping of mtu |  |',
    '| `servers.mtu` | number from 0 |  |',
    '| `nodes` | mapping by name | The same fields as `servers`. |',
  ]);
});

test('a field of several alternatives is listed once, with all of its types', () => {
  const works = {
    type: 'object',
    properties: { outcome: { const: 'works' }, reply: { type: 'string' } },
    required: ['outcome'],
  };
  const fails = {
    type: 'object',
    properties: { outcome: { const: 'fails' }, at: { type: 'string' } },
    required: ['outcome', 'at'],
  };
  expect(fieldRows({ properties: { expect: { anyOf: [{ const: 'works' }, works, fails] } } }).slice(1)).toEqual([
    '| `expect.outcome` | `works` or `fails` | **Required.** |',
    '| `expect.reply` | text |  |',
    '| `expect.at` | text |  |',
  ]);
});

test('a named type is called by its name, alone and in a list', () => {
  const cause = { title: 'cause', enum: ['refused', 'loop'] };
  const either = { anyOf: [cause, { type: 'array', items: cause }] };
  expect(fieldRows({ properties: { cause: { anyOf: [cause, either] } } })).toEqual([
    '| `cause` | cause or list of cause |  |',
  ]);
});

test('the shipped reference has one row with a meaning for every field', () => {
  const reference = readFileSync('docs/fields.md', 'utf8');
  for (const part of reference.split('\n## ').slice(1)) {
    const rows = part.split('\n').filter((line) => line.startsWith('| `'));
    const fields = rows.map((row) => row.split(' | ')[0]);
    expect(fields.filter((field, index) => fields.indexOf(field) !== index)).toEqual([]);
    const meanings = rows.map((row) => row.split(/(?<!\\)\|/)[3]!);
    const bare = meanings.filter((meaning) => /^ *(\*\*Required\.\*\*)? ?(Default: `[^`]*`\.)? *$/.test(meaning));
    expect(bare).toEqual([]);
  }
});

describe('examples', () => {
  const settings = { type: 'object', properties: { mtu: { type: 'integer' }, lb: { enum: ['on', 'off'] } } };
  const nodes = { type: 'object', additionalProperties: settings };
  const schema = { properties: { servers: settings, nodes } };
  const cells = (documents: unknown[]): (string | undefined)[] =>
    fieldRows(schema, documents).map((row) => row.split(' | ').at(-1));

  test('are the first short ones, also from mappings that have the same fields', () => {
    expect(cells([{ nodes: { l4: { lb: 'off' } } }, { servers: { mtu: 1400 } }])).toEqual([
      '`servers: { mtu: 1400 }` |',
      '`mtu: 1400` |',
      '`lb: off` |',
      '`nodes: { l4: { lb: off } }` |',
    ]);
  });

  test('long ones are left out', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`s${n}`, { mtu: 1400 }]));
    expect(cells([{ nodes: many }]).at(-1)).toBe(' |');
  });
});
