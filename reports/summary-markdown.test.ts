import { summaryMarkdown } from './summary-markdown.ts';
import { sampleResults } from './samples/sample-results.ts';

test('totals, failures by cause and a matrix per scenario', () => {
  const text = summaryMarkdown(sampleResults());
  expect(text).toContain('## l4lab: ❌ 2 failed, ⚠️ 1 not run, ✅ 24 passed');
  expect(text).toContain(
    '- **s1 → shop \\(203.0.113.81:80\\)**: s1 called 203.0.113.81, but the reply came from b1 \\(203.0.113.21\\).',
  );
  expect(text).toContain('| flow | No proxy IP | Proxy IP |');
  expect(text).toContain('| server-to-own-vip | ✅ reply-not-from-vip | ✅ works |');
});

test('only whole sections, within the limit, with a note if some are missing', () => {
  const results = sampleResults(40);
  const whole = summaryMarkdown(results);
  const limit = 5000;
  const cut = summaryMarkdown(results, limit);
  expect(new TextEncoder().encode(cut).length).toBeLessThanOrEqual(limit);
  expect(cut).toMatch(/\nThe rest is in the HTML report\.\n$/);
  expect(whole.startsWith(cut.replace(/\nThe rest.*\n$/, ''))).toBe(true);
});

test('text from YAML stays text: no links, no HTML, no table cells, no mentions', () => {
  const results = sampleResults();
  const flow = results.scenarios[0]!.variants[1]!.flows[2]!;
  flow.cause!.detail = {
    code: 'vip-missing',
    params: { node: 's1', vip: '<img src=x> | [click](http://example.com) @someone\n# title' },
  };
  const text = summaryMarkdown(results);
  expect(text).toContain('&#60;img src=x&#62; \\| \\[click\\]\\(http://example.com\\) \\@someone \\# title reached s1');
});
