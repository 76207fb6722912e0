import type { Override } from '../terms/overrides.ts';
import { formatOverride } from '../terms/overrides.ts';
import type { Part } from './ruleset.ts';

/** Name of the set that notes overrides. */
export const OVERRIDES_SET = 'overrides';

/** What the API has set, noted in the table itself: after a crash the next start goes on with it. */
export function renderOverrides(overrides: Override[]): Part {
  if (overrides.length === 0) return { chains: [], maps: [] };
  const elements = overrides.map((one, i): [string, null] => [`${i} comment "${formatOverride(one)}"`, null]);
  return { chains: [], maps: [{ name: OVERRIDES_SET, kind: 'set', spec: ['type mark'], elements }] };
}
