import { EXIT } from '../../harness/errors.ts';
import { OLDEST_KERNEL } from '../../lb/host/oldest-kernel.ts';
import { say } from '../../reports/messages/catalogue.ts';
import { en } from '../../reports/messages/en.ts';
import type { Results } from '../../harness/terms/results.ts';
import type { Machine } from './machine.ts';

export interface Outcome {
  passed: number;
  failed: number;
  notRun: number;
  /** What did not pass, and why; or why nothing was counted. */
  trouble: string[];
}

/** One user's step in a machine. */
export interface Step {
  name: string;
  user: string;
  /** Whether it boots labs. */
  docker: boolean;
  /** Shell command in the user's clone; its exit code counts too: 0 means all passed. */
  command: string;
  /** Reads the command's result file. */
  results: { file: string; read: (text: string) => Outcome };
}

/** One scenario for each mode, and one that needs refusals. */
const QUICK = [
  'proxy-and-dsr/gateway',
  'proxy-and-dsr/proxy',
  'proxy-and-dsr/dsr',
  'proxy-ip/l3-dsr',
  'kernel/l4-as-gateway-in-dsr',
];

/** Tests of the load balancer that need a kernel: packets through its rules in every mode, and rules of any configuration. */
const LB_TESTS = [
  ...['lb/render/changes.test.ts', 'lb/balancer.test.ts', 'lb/packets.test.ts', 'lb/dual-stack.test.ts'],
  ...['lb/in-line.test.ts', 'lb/l3dsr.test.ts', 'lb/at-ingress.test.ts', 'lb/stickiness.test.ts', 'lb/flows.test.ts'],
  'lb/own-calls.test.ts',
  'lb/mss.test.ts',
  'lb/ipip.test.ts',
];

interface Wanted {
  /** Scenarios to run; empty for all. */
  scenarios: string[];
  /** One scenario for each mode instead of all. */
  quick: boolean;
  /** The scenarios as jest tests as well. */
  tests: boolean;
}

export function stepsOf({ scenarios, quick, tests }: Wanted): Step[] {
  const start = ['npm', 'start', '--', ...(quick ? QUICK : scenarios)].join(' ');
  const labs = { file: 'reports/latest/results.json', read: countFlows };
  // All of `npm test` would also need a browser.
  const jest =
    'node setup/build.mjs && node --experimental-vm-modules --disable-warning=ExperimentalWarning node_modules/jest/bin/jest.js';
  return [
    {
      name: 'load balancer',
      user: 'root',
      docker: false,
      // An emulated machine is ten times slower.
      command: `export L4LAB_TEST_TIMEOUT_MS=600000 && ${jest} --selectProjects unit --json --outputFile=tests.json ${LB_TESTS.join(' ')}`,
      results: { file: 'tests.json', read: countTests },
    },
    {
      name: 'tags on trunks',
      user: 'root',
      docker: true,
      // Debian's kernels make them.
      command: `export L4LAB_WANTS_TAGS=1 && npm run setup && ${jest} --selectProjects unit --json --outputFile=tests.json harness/fabric/trunk-tags`,
      results: { file: 'tests.json', read: countTests },
    },
    { name: 'labs, root', user: 'root', docker: true, command: start, results: labs },
    { name: 'labs, group docker', user: 'alice', docker: true, command: start, results: labs },
    ...(tests
      ? [
          {
            name: 'npm test -- scenarios',
            user: 'root',
            docker: true,
            command: 'npm test -- scenarios --json --outputFile=tests.json',
            results: { file: 'tests.json', read: countTests },
          },
        ]
      : []),
  ];
}

/** On a kernel that is too old: checks that it is reported. */
export const REFUSAL: Step = {
  name: 'refused as too old',
  user: 'root',
  docker: true,
  command:
    'npm start -- proxy-and-dsr/gateway 2>&1 | tee refusal.txt; ' +
    `test \${PIPESTATUS[0]} -eq ${EXIT.unavailable} && grep -q "labs need ${OLDEST_KERNEL} or later" refusal.txt`,
  // The file itself proves nothing: the command exits with 0 or has failed.
  results: { file: 'refusal.txt', read: () => ({ passed: 1, failed: 0, notRun: 0, trouble: [] }) },
};

/** @param text results.json of a run */
export function countFlows(text: string): Outcome {
  const { scenarios } = JSON.parse(text) as Results;
  const flows = scenarios.flatMap((scenario) =>
    scenario.variants.flatMap((variant) =>
      variant.flows.map((flow) => ({ ...flow, title: `${scenario.name} [${variant.name}] ${flow.name}` })),
    ),
  );
  const having = (verdict: string) => flows.filter((flow) => flow.verdict === verdict);
  return {
    passed: having('pass').length,
    failed: having('fail').length,
    notRun: having('not-run').length,
    trouble: [...having('fail'), ...having('not-run')].map(
      ({ title, verdict, reasons }) => `${title}: ${verdict}: ${reasons.map((reason) => say(en, reason)).join(' ')}`,
    ),
  };
}

/** The part of jest's JSON that is read. */
interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** @param text what jest's --json writes; a file that could not even start counts as one failure */
export function countTests(text: string): Outcome {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(text) as JestResults;
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    notRun: numPendingTests,
    trouble: [
      ...broken.map(({ name, message }) => `${name}: ${firstLine(message)}`),
      ...failed.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages[0] ?? '')}`),
    ],
  };
}

const firstLine = (text: string) => text.split('\n')[0]!;

/**
 * Runs one step in a machine. A non-zero exit code counts as at least one failure, and so do missing results.
 * @param log file for the command's output
 */
export async function perform(
  machine: Pick<Machine, 'run'>,
  { user, command, results }: Step,
  log: string,
): Promise<Outcome> {
  // An old result could be mistaken for this step's.
  const { exitCode } = await machine.run(`cd l4lab && rm -f ${results.file} && ${command}`, { user, log });
  const left = await machine.run(`cat l4lab/${results.file}`, { user });
  const outcome = left.exitCode === 0 ? results.read(left.stdout) : { passed: 0, failed: 0, notRun: 0, trouble: [] };
  if (outcome.failed > 0 || outcome.notRun > 0 || (exitCode === 0 && outcome.passed > 0)) return outcome;
  return { ...outcome, failed: 1, trouble: [`ended with ${exitCode ?? 'a signal'}, ${outcome.passed} passed`] };
}
