import type { Expectation, ServedBy, SingleExpectation } from '../terms/plan.ts';
import type { Path } from './yaml-file.ts';

/** Expectations of attempts, with their path. */
export function placed(expect: Expectation): { at: Path; expect: SingleExpectation }[] {
  if (expect.outcome !== 'varies') return [{ at: [], expect }];
  const [kind, all] = 'oneOf' in expect ? ['oneOf', expect.oneOf] : ['eachOf', expect.eachOf];
  return all.map((one, index) => ({ at: [kind, index], expect: one }));
}

/** Expected servers, with their path. */
export function serversExpected(servedBy: ServedBy | undefined): { at: Path; node: string }[] {
  if (!servedBy) return [];
  if ('one' in servedBy) return [{ at: ['servedBy'], node: servedBy.one }];
  if ('counts' in servedBy) return keyed(['servedBy', 'counts'], servedBy.counts);
  if ('shares' in servedBy) return keyed(['servedBy', 'shares'], servedBy.shares);
  return Object.entries(servedBy).flatMap(([kind, names]) => listed(['servedBy', kind], names));
}

/** Nodes in a list, with their path. */
export function listed(at: Path, names: string[] = []): { at: Path; node: string }[] {
  return names.map((node, index) => ({ at: [...at, index], node }));
}

/** Nodes as keys of a mapping, with their path. */
export function keyed(at: Path, nodes: object = {}): { at: Path; node: string }[] {
  return Object.keys(nodes).map((node) => ({ at: [...at, node], node }));
}
