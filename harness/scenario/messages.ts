import type * as z from 'zod';
import { messageFor as plainMessageFor } from '../../lb/terms/messages.ts';
import { didYouMean } from '../did-you-mean.ts';

/** A zod issue as a message, with a suggestion; several unknown fields have one line each. */
export function messageFor(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((issue.inst as { shape?: object } | undefined)?.shape ?? {});
    return issue.keys
      .map((key) => misplaced(key, known) ?? `unknown field \`${key}\`${didYouMean(key, known)}`)
      .join('\n');
  }
  const values = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint = typeof issue.input === 'string' ? didYouMean(issue.input, values) : '';
  return plainMessageFor(issue) + hint;
}

/** Fields of one outcome only. */
const OUTCOME_OF: Record<string, string> = {
  servedBy: 'works',
  sourceSeen: 'works',
  findings: 'works',
  cause: 'fails',
  at: 'fails',
};
const OF_THE_LAB = ['role', 'bridge'];

/** Why a field that exists elsewhere is not valid here; undefined for others. @param known fields that are valid here */
function misplaced(key: string, known: string[]): string | undefined {
  if (known.includes('gateway') && OF_THE_LAB.includes(key)) return `\`${key}\` can only be set in the lab`;
  if (!known.includes('outcome')) return undefined;
  if (key === 'oneOf' || key === 'eachOf') return `leave out \`outcome\`, which cannot be combined with \`${key}\``;
  if (key === 'lost') return '`lost` is only valid next to `oneOf` or `eachOf`';
  const outcome = OUTCOME_OF[key];
  return outcome === undefined ? undefined : `\`${key}\` is only valid with \`outcome: ${outcome}\``;
}
