import fc from 'fast-check';
import { HIDDEN, type PageState, parseFragment, TABS, toFragment } from './route.ts';

const name = fc.string({ minLength: 1, unit: 'grapheme' });
const filter = fc.record({
  text: fc.string({ unit: 'grapheme' }),
  verdict: fc.string(),
  cause: fc.string(),
  mode: fc.string(),
  lab: fc.string(),
  node: fc.string(),
});
const display = {
  filter,
  theme: fc.constantFrom('light' as const, 'dark' as const, null),
  lang: fc.constantFrom('en' as const, 'ko' as const, null),
};
const nothingOpen = {
  scenario: null,
  variant: null,
  flow: null,
  tab: 'path',
  attempt: 0,
  step: 0,
  hide: [],
  against: null,
  call: 0,
  span: null,
  all: false,
} as const;

const list: fc.Arbitrary<PageState> = fc
  .record({ view: fc.constantFrom('overview' as const, 'run' as const), ...display })
  .map((state) => ({ ...nothingOpen, ...state, hide: [] }));

const flow: fc.Arbitrary<PageState> = fc.record({
  view: fc.constant('scenario' as const),
  scenario: name,
  variant: name,
  flow: name,
  tab: fc.constantFrom(...TABS),
  attempt: fc.nat(1000),
  step: fc.nat(1000),
  hide: fc.subarray([...HIDDEN]),
  against: fc.option(name),
  call: fc.nat(100_000),
  span: fc.option(
    fc
      .tuple(fc.nat(99_999), fc.nat(9999))
      .map(([from, length]) => ({ fromMs: from / 10, toMs: (from + length + 1) / 10 })),
  ),
  all: fc.boolean(),
  ...display,
});

test('parsing a link restores the state that produced it', () => {
  fc.assert(
    fc.property(fc.oneof(list, flow), (state) => {
      expect(parseFragment(toFragment(state))).toEqual(state);
    }),
  );
});

test('any fragment leads to some view', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (fragment) => {
      expect(['overview', 'scenario', 'run']).toContain(parseFragment(fragment).view);
    }),
  );
});
