import type { Attempt } from '../terms/attempt.ts';

/** Maximum number of examples of a stream in a step; more only for further causes. */
const MAX_EXAMPLES = 20;

/** The first attempt of each kind, and the kind of each attempt. */
export interface Examples {
  examples: Attempt[];
  /** For each attempt the index of its example. */
  like: number[];
}

/**
 * Attempts are of one kind if they have the same outcome, cause, server and load balancer, and crossed the same nodes.
 */
export function examplesOf(attempts: Attempt[]): Examples {
  const examples: Attempt[] = [];
  const kinds = new Map<string, number>();
  const fates = new Map<string, number>();
  const like = attempts.map((attempt) => {
    const [fate, kind] = [fateOf(attempt), kindOf(attempt)];
    const alike = kinds.get(kind) ?? (examples.length < MAX_EXAMPLES ? undefined : fates.get(fate));
    if (alike !== undefined) return alike;
    const index = examples.push(attempt) - 1;
    kinds.set(kind, index);
    if (!fates.has(fate)) fates.set(fate, index);
    return index;
  });
  return { examples, like };
}

function fateOf({ outcome, cause }: Attempt): string {
  return [outcome, cause?.code, cause?.node].join(' ');
}

function kindOf(attempt: Attempt): string {
  const { servedBy, l4, observed } = attempt;
  const paths = [observed.request, observed.reply].map((hops) => hops.map(({ node }) => node).join(' '));
  return [fateOf(attempt), servedBy, l4, ...paths].join(', ');
}
