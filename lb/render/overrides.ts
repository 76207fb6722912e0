import type { Override } from '../terms/overrides.ts';
import { formatOverride } from '../terms/overrides.ts';
import type { Part } from './ruleset.ts';

/** Name of the set that records overrides. */
export const OVERRIDES_SET = 'overrides';

/** Records the overrides of the API in the table itself, so that they survive a crash. */
export function renderOverrides(overrides: Override[]): Part {
  if (overrides.length === 0) return { chains: [], maps: [] };
  const elements = overrides.map((one, i): [string, null] => [`${i} comment "${formatOverride(one)}"`, null]);
  return { chains: [], maps: [{ name: OVERRIDES_SET, kind: 'set', spec: ['type mark'], elements }] };
}
