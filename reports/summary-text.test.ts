import { summaryText } from './summary-text.ts';
import { sampleResults } from './samples/sample-results.ts';

const plain = { color: false, reportPath: 'reports/latest/index.html', width: 1000 };

test('failures come first, grouped by cause, each with its story, its YAML line and its command', () => {
  const text = summaryText(sampleResults(), plain);
  expect(text).toContain('reply-not-from-vip (1)\n  ✗ one-arm-modes › dnat-gateway-l3 › web-calls-shop\n');
  expect(text).toContain(
    '      s1 → shop (203.0.113.81:80)\n      Expected to work, but failed (2 of 2 attempts). reply-not-from-vip at s1: s1 called 203.0.113.81, but the reply came from b1 (203.0.113.21).\n',
  );
  expect(text).toContain('possible fix: web: use a proxy IP');
  expect(text).toContain('scenarios/one-arm/one-arm-modes.yaml:52:5');
  expect(text).toMatch(/not run \(1\)\n {2}! one-arm-modes › dsr-no-loopback › web-calls-shop/);
  expect(text.trimEnd().split('\n').slice(-2)).toEqual([
    '✗ 2 failed · ! 1 not run · ✓ 24 passed  (27 flows in 3 scenarios, 11.8 s)',
    'Report: reports/latest/index.html',
  ]);
});

test('a run without failures says so in one line', () => {
  const results = sampleResults();
  results.scenarios = results.scenarios.slice(1);
  expect(summaryText(results, { color: false, reportPath: null, width: 200 })).toBe(
    '✓ 7 passed  (7 flows in 2 scenarios, 11.8 s)\n',
  );
});

test('colours are only for terminals, and control characters do not reach the terminal', () => {
  const results = sampleResults();
  results.scenarios[0]!.variants[1]!.flows[2]!.cause!.detail = {
    code: 'vip-missing',
    params: { node: 's1', vip: 'evil \u001b[2J' },
  };
  expect(summaryText(results, plain)).not.toContain('\u001b');
  expect(summaryText(results, { ...plain, color: true })).toContain('\u001b[31m✗ 2 failed\u001b[0m');
});

test('a cause that a reason already contains is not repeated', () => {
  const results = sampleResults();
  const flow = results.scenarios[0]!.variants[1]!.flows[2]!;
  const mentions = (): number => summaryText(results, plain).split('the reply came from b1').length - 1;
  expect(mentions()).toBe(1);
  flow.reasons = [{ code: 'not-crossed', params: { leg: 'reply', node: 'l4' } }];
  expect(mentions()).toBe(1);
});

test('lines fit the terminal, except commands and file positions, which must be copied', () => {
  const { scenarios } = sampleResults();
  const copied = scenarios.flatMap(({ variants }) =>
    variants.flatMap(({ flows }) => flows.flatMap(({ rerun, at }) => [rerun, `${at.file}:${at.line}:${at.col}`])),
  );
  const lines = summaryText(sampleResults(), { ...plain, width: 80 }).split('\n');
  const long = lines.filter((line) => line.length > 80).map((line) => line.trim());
  expect(long.filter((line) => !copied.includes(line))).toEqual([]);
});
