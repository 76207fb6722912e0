import { cause } from '../harness/terms/cause.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { cellsOf, failuresByCause, story } from './content/cells.ts';
import { expectationClauses } from './content/expectation-text.ts';
import { toPageIndex } from './content/page-index.ts';
import { diffText } from './diff.ts';
import { githubAnnotations } from './github.ts';
import { junitXml } from './junit.ts';
import { varyingResults } from './samples/varying-results.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { summaryText } from './summary-text.ts';

const WENT = 'works for s1, fails for s2 (reply-not-from-vip)';

/** The same flow without a failed attempt, although one was expected. */
function unseen() {
  const { results, flow } = varyingResults();
  const missing: Partial<FlowResult> = {
    verdict: 'fail',
    attempts: [flow.attempts[0]!, flow.attempts[0]!],
    outcome: 'works',
    cause: null,
    reasons: [
      {
        code: 'alternative-unseen',
        params: { number: 2, of: 2, outcome: 'fails', cause: 'reply-not-from-vip', attempts: 2 },
      },
    ],
  };
  Object.assign(flow, missing);
  return { results, flow };
}

test('a flow that varies as expected is shown with each outcome, and is nowhere a failure', () => {
  const { results, flow } = varyingResults();
  const matrix = summaryMarkdown(results).split('\n');
  expect(matrix.find((line) => line.startsWith('| server-to-own-vip |'))).toContain(
    '✅ works for s1, fails for s2 \\(reply-not-from-vip\\)',
  );
  expect(junitXml(results)).toMatch(
    /<testcase classname="one-arm-modes.dnat-gateway-l3" name="server-to-own-vip"[^>]*\/>/,
  );
  expect(githubAnnotations(results).join()).not.toContain('dnat-gateway-l3 › server-to-own-vip');
  expect(summaryText(results, { color: false, reportPath: null, width: 200 })).not.toContain(
    'dnat-gateway-l3 › server-to-own-vip',
  );
  const [index] = toPageIndex(results).scenarios;
  expect(index!.variants[1]!.flows.find(({ name }) => name === flow.name)).toMatchObject({
    outcome: 'varies',
    cause: null,
    causeNode: null,
    outcomeGroups: [
      { outcome: 'works', cause: null, servers: ['s1'] },
      { outcome: 'fails', cause: 'reply-not-from-vip', servers: ['s2'] },
    ],
  });
});

test('two runs do not differ if an attempt had another expected outcome', () => {
  const [before, after] = [varyingResults(), varyingResults()];
  after.flow.attempts.reverse();
  expect(story(after.flow)).toBe(story(before.flow));
  expect(diffText(before.results, after.results)).toMatch(/^Nothing changed/);
  expect(diffText(before.results, unseen().results)).toContain(
    'one-arm-modes › dnat-gateway-l3 › server-to-own-vip: pass, varies → fail, works',
  );
});

test('a flow expected to fail for several reasons is an expected failure with each of them', () => {
  const { results, flow } = varyingResults();
  const refused = cause('refused', 'listener-missing', { node: 's1', address: '', port: 80, protocol: 'tcp' });
  Object.assign(flow.attempts[0]!, { outcome: 'fails', cause: refused, servedBy: null });
  expect(story(flow)).toContain('fails for s1 (refused), fails for s2 (reply-not-from-vip)');
  expect(toPageIndex(results).scenarios[0]!.variants[1]!.flows[1]).toMatchObject({ outcome: 'fails', cause: null });
});

test('if all attempts have one outcome, it is shown as for any flow', () => {
  const { results, flow } = varyingResults();
  flow.attempts = [flow.attempts[1]!];
  expect(toPageIndex(results).scenarios[0]!.variants[1]!.flows[1]).toMatchObject({
    outcome: 'fails',
    cause: 'reply-not-from-vip',
    outcomeGroups: [],
  });
});

test('a flow that lacks one of its outcomes is listed as such, not under an allowed cause', () => {
  const { results, flow } = unseen();
  const text = 'Expected outcome 2 of 2 (fails: reply-not-from-vip) occurred in none of 2 attempts.';
  expect(story(flow)).toContain(text);
  expect(junitXml(results)).toContain(text);
  expect(
    failuresByCause(cellsOf(results))
      .get('not as expected')
      ?.map((cell) => cell.flow),
  ).toContain(flow);
});

test('a flow with an attempt of unexpected outcome shows that attempt, and all outcomes', () => {
  const { results, flow } = varyingResults();
  const [works] = flow.attempts;
  flow.verdict = 'fail';
  flow.reasons = [{ code: 'no-alternative', params: { outcome: 'works', servedBy: 'b1', cause: null } }];
  flow.attempts.push({ ...works!, picked: 'b1', servedBy: 'b1' });
  expect(story(flow)).toContain('An attempt had an unexpected outcome: works (b1).');
  expect(junitXml(results)).toContain('seen: works for b1, s1, fails for s2 (reply-not-from-vip)');
  expect(
    failuresByCause(cellsOf(results))
      .get('not as expected')
      ?.map((cell) => cell.flow),
  ).toContain(flow);
});

test('expected outcomes are numbered', () => {
  const { expected } = varyingResults().flow;
  const outcomes = '(1) works, served by s1; (2) fails: reply-not-from-vip at s1';
  expect(expectationClauses(expected)).toEqual([`each of: ${outcomes}`]);
  if (!('eachOf' in expected)) throw new Error('the sample has changed');
  expect(expectationClauses({ outcome: 'varies', oneOf: expected.eachOf })).toEqual([`one of: ${outcomes}`]);
});

test('the outcomes fit in one line', () => {
  expect(story(varyingResults().flow)).toBe(`s1 → web (203.0.113.80:80): ${WENT}.`);
});
