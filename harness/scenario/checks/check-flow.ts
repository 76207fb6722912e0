import { noSuch } from '../../did-you-mean.ts';
import { listenerText } from '../../terms/listener.ts';
import { placed } from '../expected.ts';
import { listenersOf } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Flow, Lab, ScenarioFile } from '../schema.ts';
import { payloadProblems } from './check-payload.ts';
import { checkCall } from './check-call.ts';
import { checkCachedAnswer } from './check-names.ts';
import { unknownNames } from './check-expected-nodes.ts';
import { impossible } from './impossible-expectations.ts';

/** Checks that a flow's call and expectation are possible. */
export function checkFlow(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const problems: Problem[] = [];
  const flow = scenario.flows[name]!;
  const path = ['flows', name];
  problems.push(...checkCall(path, flow, scenario, lab), ...sequenceProblems(name, scenario.flows));
  problems.push(...checkCachedAnswer(name, scenario));
  problems.push(
    ...placed(flow.expect).flatMap(({ at: outcome, expect }) =>
      unknownNames(expect, lab).map(({ at, message }) => ({
        path: [...path, 'expect', ...outcome, ...at],
        message,
        dependsOn: [],
      })),
    ),
    ...impossible(flow).map(({ at, message }) => ({ path: [...path, 'expect', ...at], message })),
  );
  problems.push(
    ...sourcePortProblems(flow, scenario, lab).map((message) => ({ path: [...path, 'sourcePort'], message })),
  );
  problems.push(...payloadProblems(path, flow));
  return problems;
}

/** Each flow has at most one successor, and `after` has no cycles. */
function sequenceProblems(name: string, flows: ScenarioFile['flows']): Problem[] {
  const path = ['flows', name, 'after'];
  const { after } = flows[name]!;
  if (after === undefined) return [];
  const names = Object.keys(flows);
  if (!flows[after]) {
    const of = ['flows', after];
    return [{ path, message: noSuch('flow', after, names), dependsOn: [of], missing: of }];
  }
  const circle = cycleFrom(name, flows);
  if (circle !== null) return [{ path, message: `is circular: ${circle.join(' after ')}`, dependsOn: [['flows']] }];
  const first = names.find((other) => flows[other]!.after === after)!;
  if (first === name) return [];
  const message = `${first} already runs after ${after} and changes its state: write \`after: ${first}\`, or add a copy of ${after}`;
  return [{ path, message, dependsOn: [['flows', first]] }];
}

/** A cycle of `after` from a flow to itself; null if there is none. */
function cycleFrom(name: string, flows: ScenarioFile['flows']): string[] | null {
  const seen = [name];
  for (let next = flows[name]?.after; next !== undefined; next = flows[next]?.after) {
    seen.push(next);
    if (next === name) return seen;
    if (seen.indexOf(next) < seen.length - 1) return null;
  }
  return null;
}

/** A source port serves only one call at a time, and cannot be one of the caller's listeners. */
function sourcePortProblems(
  { from, to, port, protocol, sourcePort, repeat }: Flow,
  scenario: ScenarioFile,
  lab: Lab,
): string[] {
  if (sourcePort === undefined || protocol === 'icmp' || !lab.nodes[from]) return [];
  const listener = listenersOf(from, lab, scenario).find(
    (one) => one.port === sourcePort && (one.protocol === 'udp') === (protocol === 'udp'),
  );
  return [
    ...(repeat === 1
      ? []
      : [
          `cannot be combined with \`repeat: ${repeat}\`: each attempt needs its own port. A stream with \`sourcePort\` reuses one port`,
        ]),
    ...(listener === undefined
      ? []
      : [`${from} listens on ${listenerText(listener)}, so that port cannot be a source port`]),
    ...(from === to && port === sourcePort
      ? [`is also the destination port: a node that calls itself needs another source port`]
      : []),
  ];
}
