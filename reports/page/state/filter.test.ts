import { en } from '../../messages/en.ts';
import { toPageIndex } from '../../content/page-index.ts';
import { sampleResults } from '../../samples/sample-results.ts';
import { allCells, filterCells, filterChoices, differsByVariant } from './filter.ts';
import { NO_FILTER } from './route.ts';

const index = toPageIndex(sampleResults());
const cells = allCells(index);
const names = (filter: Partial<typeof NO_FILTER>) =>
  filterCells(cells, { ...NO_FILTER, ...filter }, en).map(({ variant, flow }) => `${variant.name}/${flow.name}`);

test('every filter value finds the number of cells that it states', () => {
  const choices = filterChoices(cells);
  for (const key of ['verdict', 'cause', 'mode', 'lab', 'node'] as const) {
    expect(choices[key].size).toBeGreaterThan(0);
    for (const [value, count] of choices[key]) expect(names({ [key]: value })).toHaveLength(count);
  }
});

test('filters are combined with AND', () => {
  expect(names({ lab: 'one-arm', mode: 'dsr', verdict: 'fail' })).toEqual(['dsr-no-loopback/client-to-web']);
  expect(names({ mode: 'proxy', verdict: 'fail' })).toEqual([]);
});

test('a node filter finds flows whose packets crossed the node', () => {
  expect(new Set(names({ node: 'b1' }).map((place) => place.split('/')[1]))).toEqual(new Set(['web-calls-shop']));
  expect(names({ node: 'l2b' }).every((place) => place.endsWith('client-to-web'))).toBe(true);
});

test('all words of the text must occur, in any order and case', () => {
  expect(names({ text: 'SHOP  203.0.113.21' })).toEqual([
    'dnat-gateway-l3/web-calls-shop',
    'dnat-gateway-l4/web-calls-shop',
  ]);
  expect(names({ text: 'shop nowhere' })).toEqual([]);
});

test('a row differs by variant if its outcome depends on the variant; flows that did not run have no outcome', () => {
  const [oneArm, inLine] = index.scenarios;
  expect(differsByVariant(oneArm!, 'client-to-web')).toBe(true);
  expect(differsByVariant(oneArm!, 'server-to-own-vip')).toBe(true);
  expect(differsByVariant(oneArm!, 'client-pings-server')).toBe(false);
  expect(differsByVariant(inLine!, 'client-to-web')).toBe(false);
});
