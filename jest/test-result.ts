import type { AssertionResult, Test, TestResult } from '@jest/test-result';
import type { Cell } from '../harness/scenario/resolve/plans.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { walkText } from '../reports/content/walk-text.ts';
import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';

/** A flow, or a stream in a step, as one test of jest. */
export interface FlowTest {
  variant: string;
  flow: Cell;
  /** Whether it was selected (`-t`); others are reported as skipped. */
  chosen: boolean;
  /** Its result; undefined if it did not run. */
  result: FlowResult | undefined;
}

/**
 * jest's result of a test file.
 * @param times of the scenario, ms since 1970
 * @param color whether to use ANSI colours in failures
 */
export function testResult(
  test: Test,
  scenario: string,
  flows: FlowTest[],
  { began, ended, color }: { began: number; ended: number; color: boolean },
): TestResult {
  const { displayName, slowTestThreshold } = test.context.config;
  const assertions = flows.map((flow) => assertionResult(scenario, flow));
  const count = (status: AssertionResult['status']): number => assertions.filter((one) => one.status === status).length;
  const [passed, failed, pending] = [count('passed'), count('failed'), count('pending')];
  const runtime = ended - began;
  return {
    testFilePath: test.path,
    ...(displayName ? { displayName } : {}),
    testResults: assertions,
    numPassingTests: passed,
    numFailingTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    skipped: passed + failed === 0,
    failureMessage: failed === 0 ? null : failureText(assertions, color),
    perfStats: {
      start: began,
      end: ended,
      runtime,
      slow: runtime / 1000 > slowTestThreshold,
      loadTestEnvironmentStart: began,
      loadTestEnvironmentEnd: began,
      setupAfterEnvStart: began,
      setupAfterEnvEnd: began,
      setupFilesStart: began,
      setupFilesEnd: began,
    },
    leaks: false,
    openHandles: [],
    snapshot: {
      added: 0,
      fileDeleted: false,
      matched: 0,
      unchecked: 0,
      uncheckedKeys: [],
      unmatched: 0,
      updated: 0,
    },
  };
}

function assertionResult(scenario: string, { variant, flow, chosen, result }: FlowTest): AssertionResult {
  const status = !chosen ? 'pending' : result?.verdict === 'pass' ? 'passed' : 'failed';
  const ancestorTitles = [scenario, variant];
  return {
    ancestorTitles,
    title: flow.name,
    fullName: testName(scenario, variant, flow.name),
    status,
    duration: result?.durationMs ?? null,
    failureMessages: status === 'failed' ? [failureMessage(result)] : [],
    failureDetails: [],
    invocations: chosen ? 1 : 0,
    location: { line: flow.at.line, column: flow.at.col },
    numPassingAsserts: 0,
  };
}

/** The name that `-t` matches. */
export function testName(scenario: string, variant: string, flow: string): string {
  return [scenario, variant, flow].join(' ');
}

/** The verdict for a test log: without a stack, but with the walk. */
function failureMessage(flow: FlowResult | undefined): string {
  if (!flow) return 'the scenario did not run';
  return [
    ...flow.reasons.map((reason) => say(en, reason)),
    ...flow.attempts.slice(0, 1).map(({ observed }) => walkText(observed)),
    flow.rerun,
  ].join('\n');
}

/** All failures of a file, in jest's format. */
function failureText(assertions: AssertionResult[], color: boolean): string {
  const failures = assertions.filter(({ status }) => status === 'failed');
  return failures
    .map(({ ancestorTitles, title, failureMessages }) => {
      const head = `  ● ${[...ancestorTitles, title].join(' › ')}`;
      const text = failureMessages.join('\n').replaceAll(/^(?=.)/gm, '    ');
      return `${color ? `\u001b[1m\u001b[31m${head}\u001b[39m\u001b[22m` : head}\n\n${text}\n`;
    })
    .join('\n');
}
