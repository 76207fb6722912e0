import type { Expectation, ServedBy, SingleExpectation } from '../terms/plan.ts';
import type { Path } from './yaml-file.ts';

/** What is expected of attempts, and where that stands. */
export function placed(expect: Expectation): { at: Path; expect: SingleExpectation }[] {
  if (expect.outcome !== 'varies') return [{ at: [], expect }];
  const [kind, all] = 'oneOf' in expect ? ['oneOf', expect.oneOf] : ['eachOf', expect.eachOf];
  return all.map((one, index) => ({ at: [kind, index], expect: one }));
}

/** Nodes that are expected to answer, and where. */
export function serversExpected(servedBy: ServedBy | undefined): { at: Path; node: string }[] {
  if (!servedBy) return [];
  if ('one' in servedBy) return [{ at: ['servedBy'], node: servedBy.one }];
  if ('counts' in servedBy) return keyed(['servedBy', 'counts'], servedBy.counts);
  if ('shares' in servedBy) return keyed(['servedBy', 'shares'], servedBy.shares);
  return Object.entries(servedBy).flatMap(([kind, names]) => listed(['servedBy', kind], names));
}

/** Nodes of a list, and where. */
export function listed(at: Path, names: string[] = []): { at: Path; node: string }[] {
  return names.map((node, index) => ({ at: [...at, index], node }));
}

/** Nodes that are the keys of a mapping, and where. */
export function keyed(at: Path, nodes: object = {}): { at: Path; node: string }[] {
  return Object.keys(nodes).map((node) => ({ at: [...at, node], node }));
}
