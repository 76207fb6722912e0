import { cause, type Cause } from '../../terms/cause.ts';
import type { Evidence } from '../evidence.ts';

/** Where packets went to an address that several members of a pair held, that is to blame for whatever came of it. */
export function ofTwoMasters(found: Cause, { walk, moment }: Evidence): Cause {
  const called = [...walk.request, ...walk.reply].map(({ dst }) => dst.ip);
  const address = called.find((one) => (moment?.holders[one]?.length ?? 0) > 1);
  if (address === undefined) return found;
  return cause('split-brain', 'two-masters', { node: found.node, address, masters: moment!.holders[address]! });
}
