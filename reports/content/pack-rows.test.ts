import fc from 'fast-check';
import { packRows, unpackRows } from './pack-rows.ts';

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 3 }),
);
const key = fc.constantFrom('time', 'node', 'frame', 'tcp', 'src');
const row = fc.dictionary(
  key,
  fc.oneof(
    leaf,
    fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { noNullPrototype: true })), { noNullPrototype: true }),
  ),
  { noNullPrototype: true },
);

test('unpacked rows equal the packed ones, with any combination of fields', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      expect(unpackRows(packRows(rows), 0, rows.length)).toEqual(rows);
    }),
  );
});

test('similar values of different types stay distinct', () => {
  const rows = [{ a: [1] }, { a: '[1]' }, { a: 1 }, { a: '1' }, { a: null }, { a: 'null' }];
  expect(unpackRows(packRows(rows), 0, rows.length)).toEqual(rows);
});

test('a range of rows can be unpacked alone', () => {
  const rows = [{ a: 1 }, { a: 2 }, { b: { c: 3 } }, { a: 4 }];
  expect(unpackRows(packRows(rows), 1, 2)).toEqual([{ a: 2 }, { b: { c: 3 } }]);
});
