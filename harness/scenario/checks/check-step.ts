import { noSuch } from '../../did-you-mean.ts';
import { alternativesOf } from '../../terms/expectation.ts';
import { contradictions, impossibleShares } from './impossible-expectations.ts';
import { placeProblem, unknownNames } from './check-expected-nodes.ts';
import { balancersOf, serversOf } from '../lab-queries.ts';
import type { Problem } from '../problem.ts';
import type { Lab, ScenarioFile } from '../schema.ts';
import { actionPath } from '../step-changes.ts';
import { checkAction } from './check-action.ts';

export function checkStep(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const step = scenario.steps[name]!;
  const path = ['steps', name];
  const streams = Object.keys(scenario.streams);
  const problems: Problem[] = [];
  if (Object.keys(step.expect).length === 0) problems.push({ path, message: 'has no `expect:`' });
  for (const [index, action] of step.do.entries())
    problems.push(...checkAction(actionPath(scenario, name, index), action, scenario, lab));
  for (const [stream, expect] of Object.entries(step.expect)) {
    const at = [...path, 'expect', stream];
    const { connection } = scenario.streams[stream] ?? {};
    if (connection === undefined)
      problems.push({ path: at, message: noSuch('stream', stream, streams), dependsOn: [] });
    else if (connection === 'new' && expect.outcome === 'connections')
      problems.push({ path: at, message: `${stream} keeps no connections: each call opens a new one` });
    for (const one of alternativesOf(expect)) {
      const servedBy = one.outcome === 'works' ? one.servedBy : undefined;
      const shares = servedBy !== undefined && 'shares' in servedBy ? Object.values(servedBy.shares) : null;
      const impossible = [...contradictions(one), ...(shares === null ? [] : impossibleShares(shares))];
      problems.push(...impossible.map(({ message }) => ({ path: at, message })));
    }
    for (const message of new Set(unknownNamesIn(expect, lab))) problems.push({ path: at, message, dependsOn: [] });
    if (expect.outcome === 'varies' && expect.lost !== undefined)
      problems.push({ path: at, message: '`lost` is only valid for flows; a stream has `outage`' });
    for (const [what, { atLeast, atMost }] of rangesOf(expect)) {
      if (atLeast !== undefined && atMost !== undefined && atLeast > atMost)
        problems.push({ path: at, message: `${what}: atLeast is more than atMost` });
    }
  }
  problems.push(...checkUntil(name, scenario, lab));
  return problems;
}

/** Names that do not exist in the lab. */
function unknownNamesIn(expect: StepExpectation, lab: Lab): string[] {
  const outage = expect.outcome === 'interrupted' ? expect.outage : undefined;
  return [
    ...alternativesOf(expect).flatMap((one) => unknownNames(one, lab).map(({ message }) => message)),
    ...(outage?.at === undefined ? [] : placeProblem(outage.at, outage.causes ?? [], lab)),
  ];
}

type StepExpectation = ScenarioFile['steps'][string]['expect'][string];

function rangesOf(expect: StepExpectation): [string, { atLeast?: number; atMost?: number }][] {
  if (expect.outcome === 'interrupted') {
    const { atLeastMs, atMostMs } = expect.outage;
    return [
      [
        'outage',
        {
          ...(atLeastMs === undefined ? {} : { atLeast: atLeastMs }),
          ...(atMostMs === undefined ? {} : { atMost: atMostMs }),
        },
      ],
    ];
  }
  if (expect.outcome !== 'connections') return [];
  const { survive = {}, reset = {}, stall = {}, stallMs = {} } = expect;
  return Object.entries({ survive, reset, stall, stallTime: stallMs });
}

function checkUntil(name: string, scenario: ScenarioFile, lab: Lab): Problem[] {
  const { until } = scenario.steps[name]!;
  if (until === undefined) return [];
  const path = ['steps', name, 'until'];
  const { server, is, master } = until;
  if ((master === undefined) === (server === undefined))
    return [{ path, message: 'needs either `master:`, or `server:` with `is:`' }];
  if (master !== undefined) {
    const members = [...new Set(Object.values(scenario.pairs).flatMap(({ nodes }) => nodes))];
    if (is !== undefined) return [{ path: [...path, 'is'], message: 'only for `server:`' }];
    return members.includes(master)
      ? []
      : [{ path: [...path, 'master'], message: noSuch('member of a pair', master, members), dependsOn: [['pairs']] }];
  }
  if (is === undefined) return [{ path, message: '`server:` also needs `is: up` or `is: down`' }];
  const inPools = Object.values(scenario.services).flatMap(({ pool }) => pool.map(({ node }) => node));
  const servers = [...serversOf(lab), ...balancersOf(lab).filter((l4) => inPools.includes(l4))];
  if (!servers.includes(server!))
    return [{ path: [...path, 'server'], message: noSuch('server', server!, servers), dependsOn: [] }];
  const isChecked = Object.values(scenario.services).some(
    ({ check, pool }) => (check?.type ?? 'none') !== 'none' && pool.some(({ node }) => node === server),
  );
  const message = `no service checks ${server}, so it always counts as up: add \`check:\``;
  return isChecked ? [] : [{ path: [...path, 'server'], message, dependsOn: [['services']] }];
}
