import type * as z from 'zod';
import { messageFor as plainMessageFor } from '../../lb/terms/messages.ts';
import { didYouMean } from '../did-you-mean.ts';

/** A zod issue as a message, with a suggestion; several unknown fields have one line each. */
export function messageFor(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((issue.inst as { shape?: object } | undefined)?.shape ?? {});
    const besides = known.includes('outcome') ? ['oneOf', 'eachOf'] : [];
    return issue.keys
      .map((key) =>
        besides.includes(key)
          ? `leave out \`outcome\`, which cannot be combined with \`${key}\``
          : `unknown field \`${key}\`${didYouMean(key, known)}`,
      )
      .join('\n');
  }
  const values = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint = typeof issue.input === 'string' ? didYouMean(issue.input, values) : '';
  return plainMessageFor(issue) + hint;
}
