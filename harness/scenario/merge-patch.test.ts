import fc from 'fast-check';
import { bothPatches, mergePatch } from './merge-patch.ts';

/** RFC 7396, appendix A: original, patch, result. */
const APPENDIX: [unknown, unknown, unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test.each(APPENDIX)('RFC 7396: %j patched by %j is %j', (original, patch, result) => {
  expect(mergePatch(original, patch)).toEqual(result);
});

const json = fc.jsonValue({ maxDepth: 3 });

test('a patch applied twice is a patch applied once, and neither argument changes', () => {
  fc.assert(
    fc.property(json, json, (original, patch) => {
      const before = JSON.stringify([original, patch]);
      const once = mergePatch(original, patch);
      expect(mergePatch(once, patch)).toEqual(once);
      expect(JSON.stringify([original, patch])).toBe(before);
    }),
  );
});

test('values that a patch does not mention stay', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), json), (original, patch) => {
      const merged = mergePatch(original, patch) as Record<string, unknown>;
      for (const key of Object.keys(original)) {
        if (!Object.hasOwn(patch, key)) expect(merged[key]).toEqual(original[key]);
      }
    }),
  );
});

test('two merged patches have the effect of both in order, removals too', () => {
  const target = { services: { web: { mode: 'l3dsr', dscp: 11 } }, nodes: { s1: { mtu: 1400 } } };
  const first = { nodes: { s1: { listeners: [] } }, services: { web: { dscp: 12 } } };
  const second = { services: { web: { mode: 'proxy', dscp: null } }, nodes: { s1: { mtu: null } } };
  const both = bothPatches(first, second);
  expect(both).toMatchObject({ services: { web: { dscp: null } } });
  expect(mergePatch(target, both)).toEqual(mergePatch(mergePatch(target, first), second));
});
