import fc from 'fast-check';
import { moved, msAt, rulerMarks, showing, type View, xOf, zoomed } from './scale.ts';

const whole: View = { fromMs: 0, toMs: 8000 };

const views = fc
  .tuple(fc.double({ min: 0, max: 7000, noNaN: true }), fc.double({ min: 5, max: 1000, noNaN: true }))
  .map(([fromMs, length]): View => ({ fromMs, toMs: fromMs + length }));

test('position and time convert to each other', () => {
  fc.assert(
    fc.property(views, fc.double({ min: 0, max: 8000, noNaN: true }), (view, ms) => {
      expect(msAt(view, 900, xOf(view, 900, ms))).toBeCloseTo(ms, 6);
    }),
  );
});

test('zooming and moving keep the view inside the whole range and above the minimum', () => {
  const turns = fc.array(fc.tuple(fc.constantFrom('zoom', 'move'), fc.double({ min: 0.01, max: 20, noNaN: true })));
  fc.assert(
    fc.property(views, turns, (begin, all) => {
      let view = begin;
      for (const [what, by] of all) {
        const middle = (view.fromMs + view.toMs) / 2;
        view = what === 'zoom' ? zoomed(view, by, middle, whole) : moved(view, (by - 10) * 500, whole);
        expect(view.fromMs).toBeGreaterThanOrEqual(0);
        expect(view.toMs).toBeLessThanOrEqual(8000 + 1e-6);
        expect(view.toMs - view.fromMs).toBeGreaterThan(1.9);
      }
    }),
  );
});

test('zooming keeps the time under the pointer in place', () => {
  const view = { fromMs: 2000, toMs: 3000 };
  const nearer = zoomed(view, 0.5, 2200, whole);
  expect(nearer).toEqual({ fromMs: 2100, toMs: 2600 });
  expect(xOf(nearer, 900, 2200)).toBeCloseTo(xOf(view, 900, 2200), 6);
  expect(zoomed(view, 100, 2200, whole)).toEqual(whole);
});

test('a selected call outside the view moves the view; one inside does not', () => {
  const view = { fromMs: 2000, toMs: 3000 };
  expect(showing(view, 2900, whole)).toBe(view);
  expect(showing(view, 5000, whole)).toEqual({ fromMs: 4500, toMs: 5500 });
  expect(showing(view, 7990, whole)).toEqual({ fromMs: 7000, toMs: 8000 });
});

test.each([
  [whole, 900, [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000]],
  [{ fromMs: 480, toMs: 620 }, 300, [500, 550, 600]],
  [{ fromMs: 10, toMs: 12 }, 340, [10, 10.5, 11, 11.5, 12]],
])('the ruler of %j at %i pixels has round marks with space for their labels', (view, width, marks) => {
  expect(rulerMarks(view, width)).toEqual(marks);
});
