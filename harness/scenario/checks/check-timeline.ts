import { MAX_STREAM_CALLS } from '../../terms/limits.ts';
import { checkCall } from './check-call.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { actionPath, stepped, type SteppedScenario } from '../step-changes.ts';
import { checkStep } from './check-step.ts';
import { orderProblems } from './action-order.ts';

/**
 * Checks that streams can call, and that steps are possible in their order.
 * @param check further checks of the scenario after each step
 */
export function checkTimeline(
  scenario: ScenarioFile,
  lab: Lab,
  check: (changed: ScenarioFile) => Problem[],
): Problem[] {
  const steps = Object.keys(scenario.steps);
  const streams = Object.keys(scenario.streams);
  const problems: Problem[] = [];
  if (steps.length > 0 && streams.length === 0)
    problems.push({ path: ['steps'], message: 'needs `streams:`, the traffic that runs during the steps' });
  if (streams.length > 0 && steps.length === 0)
    problems.push({ path: ['streams'], message: 'needs `steps:`, which define what happens while the streams run' });
  if (Object.keys(scenario.flows).length + streams.length + steps.length === 0)
    problems.push({ path: ['flows'], message: 'must not be empty without `streams:` and `steps:`' });
  for (const name of streams) problems.push(...checkStream(name, scenario, lab));
  for (const name of steps) problems.push(...checkStep(name, scenario, lab));
  const { after, problems: changes } = stepped(scenario);
  problems.push(
    ...orderProblems(scenario, lab, after),
    ...ineffectiveChecks(scenario, after),
    ...tooManyCalls(scenario),
  );
  problems.push(...changes);
  problems.push(...movedPorts(scenario, after));
  let before = new Set(check(scenario).map(textOf));
  for (const { step, scenario: changed } of after) {
    const found = check(changed);
    const index = scenario.steps[step]!.do.findIndex((action) => action.change !== undefined);
    const path = index < 0 ? ['steps', step, 'do'] : [...actionPath(scenario, step, index), 'change'];
    for (const problem of found) {
      if (before.has(textOf(problem))) continue;
      problems.push({ path, message: `${problem.path.join('.')}: ${problem.message}`, dependsOn: [['steps', step]] });
    }
    before = new Set(found.map(textOf));
  }
  return problems;
}

/** Steps cannot change VLANs of ports: moving a port would also affect traffic in progress. */
function movedPorts(scenario: ScenarioFile, after: ReturnType<typeof stepped>['after']): Problem[] {
  const portsOf = ({ nodes }: ScenarioFile): string =>
    JSON.stringify(Object.entries(nodes).flatMap(([name, { ports }]) => (ports === undefined ? [] : [[name, ports]])));
  const [moved] = after.filter((one) => portsOf(one.scenario) !== portsOf(scenario));
  if (moved === undefined) return [];
  const message = 'a step cannot change `ports`; a variant can';
  return [{ path: ['steps', moved.step, 'do'], message, dependsOn: [['steps', moved.step]] }];
}

function textOf({ path, message }: Problem): string {
  return `${path.join('.')} ${message}`;
}

function checkStream(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const stream = scenario.streams[name]!;
  const path = ['streams', name];
  const problems = checkCall(path, stream, scenario, lab);
  if (scenario.names[stream.to]) {
    const message = 'a stream calls a service or a node; only flows call names';
    problems.push({ path: [...path, 'to'], message, dependsOn: [['names', stream.to]] });
  }
  if (scenario.flows[name])
    problems.push({ path, message: 'is also the name of a flow: rename one of them', dependsOn: [] });
  if (stream.connection === 'new' && stream.connections > 1)
    problems.push({ path: [...path, 'connections'], message: 'only for `connection: kept`' });
  if (stream.sourcePort !== undefined && stream.connections > 1)
    problems.push({ path: [...path, 'sourcePort'], message: 'one source port cannot serve several connections' });
  if (stream.connection === 'kept' && stream.protocol === 'http')
    problems.push({
      path: [...path, 'protocol'],
      message: 'http closes each connection: use `tcp` or `udp` for a kept one',
    });
  if (!Object.values(scenario.steps).some(({ expect }) => Object.hasOwn(expect, name)))
    problems.push({ path, message: 'no step has an expectation for this stream', dependsOn: [['steps'], path] });
  return problems;
}

/** Failing health checks of servers that no service checks by HTTP at that time. */
function ineffectiveChecks(scenario: ScenarioFile, after: SteppedScenario['after']): Problem[] {
  const isChecked = (node: string, { services }: ScenarioFile): boolean =>
    Object.values(services).some(({ check, pool }) => check?.type === 'http' && pool.some((one) => one.node === node));
  return Object.entries(scenario.steps).flatMap(([name, step], number) =>
    step.do.flatMap(({ failChecks = [] }, index) =>
      failChecks
        .filter((node) => !after.slice(number).some((one) => isChecked(node, one.scenario)))
        .map((node) => ({
          path: [...actionPath(scenario, name, index), 'failChecks'],
          message: `has no effect, because no service checks ${node} by HTTP: add \`check: { type: http }\``,
          dependsOn: [['services']],
        })),
    ),
  );
}

/** Limit of calls in a run. */
function tooManyCalls({ streams, steps }: ScenarioFile): Problem[] {
  const ms = Object.values(steps).reduce((sum, step) => sum + step.for, 0);
  return Object.entries(streams).flatMap(([name, { every, connections }]): Problem[] => {
    const calls = Math.ceil((ms / every) * connections);
    if (calls <= MAX_STREAM_CALLS) return [];
    const message = `${calls.toLocaleString('en')} calls in ${ms / 1000} s: at most ${MAX_STREAM_CALLS.toLocaleString('en')} are possible`;
    return [{ path: ['streams', name, 'every'], message, dependsOn: [['streams', name], ['steps']] }];
  });
}
