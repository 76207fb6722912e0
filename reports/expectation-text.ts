import type { Expectation, PathExpectation } from '../harness/scenario/plan.ts';

/** An expectation in words, one clause each: `works`, `served by s1`, `request crosses l4` … */
export function expectationClauses(expect: Expectation): string[] {
  const paths = [...pathClauses('request', expect.request), ...pathClauses('reply', expect.reply)];
  if (expect.outcome === 'fails') return [`fails: ${expect.cause}${expect.at ? ` at ${expect.at}` : ''}`, ...paths];
  const clauses = ['works'];
  const by = expect.servedBy;
  if (by && 'one' in by) clauses.push(`served by ${by.one === 'self' ? 'the caller itself' : by.one}`);
  if (by && 'eachOf' in by) clauses.push(`served by each of ${by.eachOf.join(', ')}`);
  if (by && 'noneBut' in by) clauses.push(`served by none but ${by.noneBut.join(', ')}`);
  if (expect.sourceSeen) clauses.push(`server sees ${expect.sourceSeen}`);
  if (expect.findings?.length) clauses.push(`finding: ${expect.findings.join(', ')}`);
  return [...clauses, ...paths];
}

function pathClauses(direction: string, path: PathExpectation | undefined): string[] {
  const clauses = [];
  if (path?.crosses?.length) clauses.push(`${direction} crosses ${path.crosses.join(', ')}`);
  if (path?.avoids?.length) clauses.push(`${direction} avoids ${path.avoids.join(', ')}`);
  return clauses;
}
