import type { Flow } from '../schema.ts';
import type { Expectation, SingleExpectation, Range } from '../../terms/plan.ts';
import { placed } from '../expected.ts';
import { placeIn } from '../place.ts';
import type { Path } from '../yaml-file.ts';

export interface Impossible {
  at: Path;
  message: string;
}

/** Expectations that no run of the flow could meet. */
export function impossible({ expect, repeat }: Flow): Impossible[] {
  const attempts = `with \`repeat: ${repeat}\` there ${repeat === 1 ? 'is 1 attempt' : `are ${repeat} attempts`}`;
  if (expect.outcome !== 'varies') return [...contradictions(expect), ...impossibleServers(expect, repeat, attempts)];
  const alternatives = placed(expect);
  const found = alternatives.flatMap(({ at, expect: one }, index) =>
    [...contradictions(one), ...ofSeveralAttempts(one), ...repeated(alternatives, index)].map((problem) => ({
      ...problem,
      at: [...at, ...problem.at],
    })),
  );
  if ('eachOf' in expect && alternatives.length > repeat)
    return [...found, { at: ['eachOf'], message: `${alternatives.length} outcomes cannot all occur: ${attempts}` }];
  return [...found, ...impossibleLosses(expect, repeat, attempts)];
}

/** Impossible or meaningless numbers of lost attempts. */
function impossibleLosses(
  expect: Extract<Expectation, { outcome: 'varies' }>,
  repeat: number,
  attempts: string,
): Impossible[] {
  if (expect.lost === undefined) return [];
  const { atLeast = 0, atMost = repeat } = expect.lost;
  const problem = (message: string): Impossible[] => [{ at: ['lost'], message }];
  if (atLeast > atMost) return problem('atLeast is more than atMost');
  if (atLeast > repeat) return problem(`${atLeast} attempts cannot be lost: ${attempts}`);
  const failing = placed(expect).filter((one) => one.expect.outcome === 'fails').length;
  const working = placed(expect).length - failing;
  if (atLeast === 0 && atMost >= repeat) return problem(`has no effect, because it allows any number: ${attempts}`);
  if (failing === 0) return problem('no outcome fails, so no attempt can be lost');
  if (working === 0) return problem(`no attempt gets an answer, because every outcome fails: ${attempts}`);
  if ('oneOf' in expect) return [];
  if (failing > atMost) return problem(`must be at least ${failing}: every failing outcome occurs`);
  return working > repeat - atLeast
    ? problem(`must be at most ${repeat - working}: every working outcome occurs, and ${attempts}`)
    : [];
}

function repeated(alternatives: { at: Path; expect: SingleExpectation }[], index: number): Impossible[] {
  const texts = alternatives.map(({ expect }) => JSON.stringify(expect));
  const first = texts.indexOf(texts[index]!);
  return first === index ? [] : [{ at: [], message: `is the same outcome as ${alternatives[first]!.at.join('.')}` }];
}

/** Alternatives apply to single attempts, so they cannot contain counts. */
function ofSeveralAttempts(expect: SingleExpectation): Impossible[] {
  const servedBy = (expect.outcome === 'works' && expect.servedBy) || {};
  return (['eachOf', 'sameOf', 'counts', 'shares'] as const)
    .filter((kind) => kind in servedBy)
    .map((kind) => ({
      at: ['servedBy', kind],
      message: 'not allowed in an outcome, which describes a single attempt: name a node, or use `only`',
    }));
}

/** Expectations that no packet could meet. */
export function contradictions(expect: SingleExpectation): Impossible[] {
  const findings = expect.outcome === 'works' ? (expect.findings ?? []) : [];
  const twice = findings.flatMap((finding, index) =>
    findings.indexOf(finding) < index ? [{ at: ['findings', index], message: `${finding} is given twice` }] : [],
  );
  const crossed = (['request', 'reply'] as const).flatMap((direction) => {
    const { crosses = [], avoids = [], ttlAt = {} } = expect[direction] ?? {};
    return avoids.flatMap((node, index) => [
      ...(crosses.some((place) => place === node || placeIn(place).node === node)
        ? [{ at: [direction, 'avoids', index], message: `${node} cannot be both crossed and avoided` }]
        : []),
      ...(node in ttlAt
        ? [{ at: [direction, 'ttlAt', node], message: `${node} must be avoided, so no packet arrives there` }]
        : []),
    ]);
  });
  return [...twice, ...crossed];
}

function impossibleServers(expect: SingleExpectation, repeat: number, attempts: string): Impossible[] {
  const servedBy = expect.outcome === 'works' ? expect.servedBy : undefined;
  if (servedBy === undefined) return [];
  if ('eachOf' in servedBy && new Set(servedBy.eachOf).size > repeat) {
    const message = `${servedBy.eachOf.join(', ')} cannot all answer: ${attempts}`;
    return [{ at: ['servedBy', 'eachOf'], message }];
  }
  if ('shares' in servedBy) return impossibleShares(Object.values(servedBy.shares));
  if (!('counts' in servedBy)) return [];
  const sum = Object.values(servedBy.counts).reduce((total, times) => total + times, 0);
  if (sum === repeat) return [];
  return [{ at: ['servedBy', 'counts'], message: `the counts add up to ${sum}, but ${attempts}` }];
}

/** All other servers have a share of 0. */
export function impossibleShares(shares: Range[]): Impossible[] {
  const sum = (value: (share: Range) => number): number => shares.reduce((total, share) => total + value(share), 0);
  const [least, most] = [sum(({ atLeast = 0 }) => atLeast), sum(({ atMost = 100 }) => atMost)];
  const at = ['servedBy', 'shares'];
  if (shares.some(({ atLeast = 0, atMost = 100 }) => atLeast > atMost))
    return [{ at, message: 'atLeast is more than atMost' }];
  if (least > 100) return [{ at, message: `the shares add up to at least ${least} %` }];
  return most < 100 ? [{ at, message: `the shares add up to at most ${most} %` }] : [];
}
