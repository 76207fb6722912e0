import { alternativesOf } from '../../harness/terms/expectation.ts';
import type {
  PathExpectation,
  SingleExpectation,
  ConnectionsExpectation,
  OutageExpectation,
  Range,
  StreamExpectation,
} from '../../harness/terms/plan.ts';

/** Texts for expectations, one set per language. */
export interface ExpectationMessages {
  /** Outcomes that attempts may have, numbered. */
  oneOf: (outcomes: string) => string;
  eachOf: (outcomes: string) => string;
  works: string;
  fails: (cause: string, at: string | undefined) => string;
  servedBy: (name: string) => string;
  servedByCaller: string;
  servedByEachOf: (names: string) => string;
  servedByOnly: (names: string) => string;
  servedBySameOf: (names: string) => string;
  servedByCounts: (counts: string) => string;
  servedByShares: (shares: string) => string;
  serverSees: (source: string) => string;
  finding: (names: string) => string;
  crosses: (direction: 'request' | 'reply', nodes: string) => string;
  avoids: (direction: 'request' | 'reply', nodes: string) => string;
  ttlAt: (direction: 'request' | 'reply', node: string, ttl: number) => string;
  lost: (range: string) => string;
  /** Of streams; `range` is in ms, or a number of calls. */
  outage: (range: string, causes: string, at: string | undefined) => string;
  allSurvive: string;
  connections: (what: 'survive' | 'reset' | 'stall', range: string) => string;
  stall: (range: string) => string;
  lostTo: (causes: string) => string;
  range: (range: Range, unit: string) => string;
}

export const ENGLISH_EXPECTATION: ExpectationMessages = {
  oneOf: (outcomes) => `one of: ${outcomes}`,
  eachOf: (outcomes) => `each of: ${outcomes}`,
  works: 'works',
  fails: (cause, at) => `fails: ${cause}${at ? ` at ${at}` : ''}`,
  servedBy: (name) => `served by ${name}`,
  servedByCaller: 'served by the caller itself',
  servedByEachOf: (names) => `served by each of ${names}`,
  servedByOnly: (names) => `served only by ${names}`,
  servedBySameOf: (names) => `served by the same one of ${names}`,
  servedByCounts: (counts) => `served by ${counts}`,
  servedByShares: (shares) => `served by ${shares}`,
  serverSees: (source) => `server sees ${source}`,
  finding: (names) => `finding: ${names}`,
  crosses: (direction, nodes) => `${direction} crosses ${nodes}`,
  avoids: (direction, nodes) => `${direction} avoids ${nodes}`,
  ttlAt: (direction, node, ttl) => `${direction} reaches ${node} with TTL ${ttl}`,
  lost: (range) => `${range} attempts get no answer`,
  outage: (range, causes, at) =>
    `one outage${range === '' ? '' : ` of ${range}`}${causes === '' ? '' : ` (${causes})`}${at === undefined ? '' : ` at ${at}`}, then`,
  allSurvive: 'all kept connections survive',
  connections: (what, range) => `${range} kept connections ${what}`,
  stall: (range) => `answers within ${range}`,
  lostTo: (causes) => `others end because of ${causes}`,
  range: ({ atLeast, atMost }, unit) =>
    [
      ...(atLeast === undefined ? [] : [`at least ${atLeast}${unit}`]),
      ...(atMost === undefined ? [] : [`at most ${atMost}${unit}`]),
    ].join(' and '),
};

/** An expectation as text, one clause per item: `works`, `served by s1`, `request crosses l4` … */
export function expectationClauses(expect: StreamExpectation, messages = ENGLISH_EXPECTATION): string[] {
  if (expect.outcome === 'interrupted') {
    const [then, ...more] = singleClauses(expect.then, messages);
    return [`${outageClause(expect.outage, messages)} ${then}`, ...more];
  }
  if (expect.outcome === 'connections') return connectionClauses(expect, messages);
  if (expect.outcome !== 'varies') return singleClauses(expect, messages);
  const outcomes = alternativesOf(expect)
    .map((one, index) => `(${index + 1}) ${singleClauses(one, messages).join(', ')}`)
    .join('; ');
  const { lost } = expect;
  return [
    'oneOf' in expect ? messages.oneOf(outcomes) : messages.eachOf(outcomes),
    ...(lost === undefined ? [] : [messages.lost(exactOr(lost, messages))]),
  ];
}

/** A count: one number if both bounds are equal. */
function exactOr(range: Range, messages: ExpectationMessages): string {
  const { atLeast, atMost } = range;
  return atLeast !== undefined && atLeast === atMost ? String(atLeast) : messages.range(range, '');
}

function outageClause(
  { atLeastMs, atMostMs, causes = [], at }: OutageExpectation,
  messages: ExpectationMessages,
): string {
  const range = messages.range(
    {
      ...(atLeastMs === undefined ? {} : { atLeast: atLeastMs }),
      ...(atMostMs === undefined ? {} : { atMost: atMostMs }),
    },
    ' ms',
  );
  return messages.outage(range, causes.join(', '), at);
}

function connectionClauses(expect: ConnectionsExpectation, messages: ExpectationMessages): string[] {
  const counts = (['survive', 'reset', 'stall'] as const).flatMap((what) => {
    const range = expect[what];
    return range === undefined ? [] : [messages.connections(what, messages.range(range, ''))];
  });
  const { survive, reset, stall, stallMs, causes } = expect;
  const wantsAll = [survive, reset, stall].every((range) => range === undefined);
  return [
    ...(wantsAll ? [messages.allSurvive] : counts),
    ...(stallMs === undefined ? [] : [messages.stall(messages.range(stallMs, ' ms'))]),
    ...(causes === undefined ? [] : [messages.lostTo(causes.join(', '))]),
  ];
}

function singleClauses(expect: SingleExpectation, messages: ExpectationMessages): string[] {
  const paths = [...pathClauses('request', expect.request, messages), ...pathClauses('reply', expect.reply, messages)];
  if (expect.outcome === 'fails') return [messages.fails(expect.cause, expect.at), ...paths];
  const clauses = [messages.works];
  const by = expect.servedBy;
  if (by && 'one' in by) clauses.push(by.one === 'self' ? messages.servedByCaller : messages.servedBy(by.one));
  if (by && 'eachOf' in by) clauses.push(messages.servedByEachOf(by.eachOf.join(', ')));
  if (by && 'only' in by) clauses.push(messages.servedByOnly(by.only.join(', ')));
  if (by && 'sameOf' in by) clauses.push(messages.servedBySameOf(by.sameOf.join(', ')));
  if (by && 'counts' in by) {
    const counts = Object.entries(by.counts).map(([name, times]) => `${name} ${times}×`);
    clauses.push(messages.servedByCounts(counts.join(', ')));
  }
  if (by && 'shares' in by) {
    const shares = Object.entries(by.shares).map(([name, share]) => `${name} (${messages.range(share, ' %')})`);
    clauses.push(messages.servedByShares(shares.join(', ')));
  }
  if (expect.sourceSeen) clauses.push(messages.serverSees(expect.sourceSeen));
  if (expect.findings?.length) clauses.push(messages.finding(expect.findings.join(', ')));
  return [...clauses, ...paths];
}

function pathClauses(
  direction: 'request' | 'reply',
  path: PathExpectation | undefined,
  messages: ExpectationMessages,
): string[] {
  const clauses = [];
  if (path?.crosses?.length) clauses.push(messages.crosses(direction, path.crosses.join(', ')));
  if (path?.avoids?.length) clauses.push(messages.avoids(direction, path.avoids.join(', ')));
  for (const [node, ttl] of Object.entries(path?.ttlAt ?? {})) clauses.push(messages.ttlAt(direction, node, ttl));
  return clauses;
}
