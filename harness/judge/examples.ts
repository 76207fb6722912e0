import type { Attempt } from '../terms/attempt.ts';

/** So many kinds of calls of a stream have an example in a step; more only where they fail for another cause. */
const MOST_EXAMPLES = 20;

/** The first of each kind among attempts, and which of them each is like. */
export interface Examples {
  examples: Attempt[];
  /** For each attempt the index of its example. */
  like: number[];
}

/** Attempts are of one kind where they had the same outcome, cause, server and load balancer, and crossed the same nodes. */
export function examplesOf(attempts: Attempt[]): Examples {
  const examples: Attempt[] = [];
  const kinds = new Map<string, number>();
  const fates = new Map<string, number>();
  const like = attempts.map((attempt) => {
    const [fate, kind] = [fateOf(attempt), kindOf(attempt)];
    const alike = kinds.get(kind) ?? (examples.length < MOST_EXAMPLES ? undefined : fates.get(fate));
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
