import { en } from './messages/en.ts';
import {
  cellsOf,
  explanations,
  failuresByCause,
  headline,
  remedy,
  story,
  type CellInContext,
} from './content/cells.ts';
import { githubAnnotations } from './github.ts';
import { junitXml } from './junit.ts';
import type { FlowResult, Results } from '../harness/terms/results.ts';
import { timelineResults } from './samples/timeline-results.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { summaryText } from './summary-text.ts';

/** A sample of a failover; the outage of one cell exceeds its expectation. */
function tooLong(): { results: Results; cell: CellInContext; passed: FlowResult } {
  const results = timelineResults();
  const cells = cellsOf(results).filter(({ flow }) => flow.stream?.summary.outage);
  const cell = cells.find(({ flow }) => flow.stream!.summary.causes.length > 0)!;
  const { cause } = cell.flow.stream!.summary.causes[0]!;
  const { ms } = cell.flow.stream!.summary.outage!;
  Object.assign(cell.flow, {
    verdict: 'fail',
    cause,
    disagreement: null,
    reasons: [{ code: 'outage-too-long', params: { ms, atMostMs: 100, cause } }],
  } satisfies Partial<FlowResult>);
  const passed = cells.find(({ flow }) => flow.verdict === 'pass')!.flow;
  return { results, cell, passed };
}

const { results, cell, passed } = tooLong();
const seen = en.timeline.seen(cell.flow.stream!.summary);
const code = cell.flow.cause!.code;

test('a stream is described in one line: outage, failed calls and causes; then the unmet expectation', () => {
  const reported = story(cell.flow);
  expect(reported).toContain(`${seen}. The outage took`);
  expect(reported).toMatch(/\d+ ms outage; \d+ of \d+ calls failed \(/);
  expect(headline(cell.flow)).toBe(cell.flow.reasons[0]);
  expect(explanations(cell.flow)).toEqual(cell.flow.reasons);
});

test('it is listed under its cause, with the usual fix', () => {
  expect(failuresByCause(cellsOf(results)).get(code)).toContainEqual(cell);
  expect(remedy(cell.flow, {})).toBe(`usual fix: ${en.causes[code].fix}`);
  const text = summaryText(results, { color: false, reportPath: null, width: 1000 });
  expect(text).toContain(`${seen}.`);
  expect(text).toContain('The outage took');
});

test('a stream that only differs from its prediction is listed as that', () => {
  const disagreement = { code: 'failures-differ', params: { calls: 1, seen: null, predicted: [] } } as const;
  const differs = { ...cell.flow, disagreement, reasons: [{ code: 'disagreement', params: { disagreement } }] };
  const groups = failuresByCause([{ ...cell, flow: differs as unknown as FlowResult }]);
  expect([...groups.keys()]).toEqual(['prediction and observation differ']);
});

test('markdown lists it among the failures, and all streams in its matrix', () => {
  const markdown = summaryMarkdown(results);
  expect(markdown).toContain('The outage took');
  expect(markdown).toMatch(/\| ❌ \d+ ms outage; /);
  expect(markdown).toMatch(/\| ✅ \d+ calls work/);
});

test('GitHub shows it at the line of its expectation', () => {
  expect(githubAnnotations(results).some((line) => line.includes(seen) && line.includes('The outage took'))).toBe(true);
});

test('JUnit shows the outage of passing streams too, with the prediction', () => {
  const xml = junitXml(results);
  const caseOf = (name: string): string =>
    xml.split('<testcase ').find((text) => text.includes(`name="${name}"`)) ?? '';
  expect(caseOf(passed.name)).toContain(`<system-out>seen: ${en.timeline.seen(passed.stream!.summary)}`);
  expect(caseOf(passed.name)).toContain('predicted: ');
  expect(caseOf(cell.flow.name)).toContain(`<failure type="${code}"`);
  expect(caseOf(cell.flow.name)).toContain(`seen: ${seen}`);
});

test('JUnit shows the packets of a typical failed call, not of the first one', () => {
  const {
    results: own,
    cell: { flow },
  } = tooLong();
  const typical = flow.attempts.find(({ outcome, cause }) => outcome === 'fails' && cause?.code === flow.cause!.code)!;
  const elsewhere = {
    code: 'unexplained',
    node: 'client',
    detail: { code: 'never-ends', params: { node: 'client', address: '' } },
  };
  flow.attempts.unshift({ ...typical, cause: elsewhere as typeof typical.cause, observed: { request: [], reply: [] } });
  const [, body] = new RegExp(`name="${flow.name}"[^>]*>\\s*<failure[^>]*>([^]*?)</failure>`).exec(junitXml(own))!;
  expect(body).toMatch(/1 +request +client/);
});
