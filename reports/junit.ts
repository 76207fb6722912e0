import type { FlowResult, Results, ScenarioResult, VariantResult } from '../harness/terms/results.ts';
import { fixesText, say } from './messages/catalogue.ts';
import { en } from './messages/en.ts';
import { countVerdicts, story, streamText, typicalAttempt } from './content/cells.ts';
import { expectationClauses } from './content/expectation-text.ts';
import { outcomeGroupsOf } from './content/seen.ts';
import { escapeXml } from './escape.ts';
import { walkText } from './content/walk-text.ts';

/** JUnit XML: a suite per scenario, a case per flow and variant; a flow that did not run is an `<error>`. */
export function junitXml(results: Results): string {
  const flows = results.scenarios.flatMap((s) => s.variants.flatMap((v) => v.flows));
  const suites = results.scenarios.map(suite).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="l4lab" ${counts(flows)} time="${seconds(results.durationMs)}">\n${suites}</testsuites>\n`;
}

function suite(scenario: ScenarioResult): string {
  const flows = scenario.variants.flatMap((v) => v.flows);
  const ms = flows.reduce((sum, flow) => sum + flow.durationMs, 0);
  const cases = scenario.variants.flatMap((v) => v.flows.map((flow) => testCase(scenario, v, flow))).join('');
  return `  <testsuite name="${escapeXml(scenario.name)}" file="${escapeXml(scenario.file)}" ${counts(flows)} time="${seconds(ms)}">\n${cases}  </testsuite>\n`;
}

function testCase(scenario: ScenarioResult, variant: VariantResult, flow: FlowResult): string {
  const open = `    <testcase classname="${escapeXml(`${scenario.name}.${variant.name}`)}" name="${escapeXml(flow.name)}" file="${escapeXml(flow.at.file)}" line="${flow.at.line}" time="${seconds(flow.durationMs)}"`;
  if (flow.verdict === 'pass')
    return flow.stream ? `${open}>\n      ${systemOut(flow)}\n    </testcase>\n` : `${open}/>\n`;
  const tag = flow.verdict === 'fail' ? 'failure' : 'error';
  const type = flow.verdict === 'fail' ? (flow.cause?.code ?? 'unexpected') : 'not-run';
  return `${open}>\n      <${tag} type="${escapeXml(type)}" message="${escapeXml(story(flow))}">${escapeXml(failureText(flow))}</${tag}>\n    </testcase>\n`;
}

/** For a stream that passed: whether it had an outage, and how long. */
function systemOut(flow: FlowResult): string {
  return `<system-out>${escapeXml(streamLines(flow).join('\n'))}</system-out>`;
}

/** A stream in a step, observed and predicted. */
function streamLines(flow: FlowResult): string[] {
  const { stream } = flow;
  if (!stream) return [];
  const { outage, unknown } = stream.predicted;
  return [
    `seen: ${streamText(flow) ?? 'nothing'}`,
    `predicted: ${en.timeline.predicted(stream.predicted)}`,
    ...(outage?.bounds ?? []).map((bound) => `bound: ${say(en, bound)}`),
    ...unknown.map((one) => `not known: ${say(en, one)}`),
  ];
}

/** Text of a failed case: expectation, reasons, cause and walk. */
function failureText(flow: FlowResult): string {
  const attempt = flow.stream
    ? typicalAttempt(flow)
    : (flow.attempts.find(({ outcome }) => outcome === 'fails') ?? flow.attempts[0]);
  const lines = [
    `expected: ${expectationClauses(flow.expected).join('; ')}`,
    ...(flow.expected.outcome === 'varies' && !flow.stream ? [`seen: ${en.outcomeGroups(outcomeGroupsOf(flow))}`] : []),
    ...streamLines(flow),
    ...flow.reasons.map((reason) => `reason: ${say(en, reason)}`),
    ...(flow.cause ? [`cause: ${flow.cause.code} at ${flow.cause.node}: ${say(en, flow.cause.detail)}`] : []),
    ...flow.counterfactuals.map(({ fixes }) => `possible fix: ${fixesText(en, fixes)}`),
    `declared: ${flow.at.file}:${flow.at.line}:${flow.at.col}`,
    `again: ${flow.rerun}`,
    ...(attempt ? ['', walkText(attempt.observed)] : []),
  ];
  return `\n${lines.join('\n')}\n`;
}

function counts(flows: FlowResult[]): string {
  const count = countVerdicts(flows);
  return `tests="${flows.length}" failures="${count.fail}" errors="${count['not-run']}" skipped="0"`;
}

const seconds = (ms: number) => (ms / 1000).toFixed(3);
