import type { Leg } from '../../harness/terms/reason.ts';
import type { Hop, Walk } from '../../harness/terms/walk.ts';

/** The directions of a walk in order: first the question to a DNS server, if any. */
export function legsOf({ question, request, reply }: Walk): { leg: Leg; hops: Hop[] }[] {
  const ways: [Leg, Hop[]][] = [
    ['question', question?.request ?? []],
    ['answer', question?.reply ?? []],
    ['request', request],
    ['reply', reply],
  ];
  return ways.filter(([, hops]) => hops.length > 0).map(([leg, hops]) => ({ leg, hops }));
}

/** Their labels in texts. */
export const LEG_TITLES: Record<Leg, string> = {
  question: 'DNS question',
  answer: 'DNS answer',
  request: 'request',
  reply: 'reply',
};

/** Which of the two directions they are drawn in. */
export function toneOf(leg: Leg): 'request' | 'reply' {
  return leg === 'question' || leg === 'request' ? 'request' : 'reply';
}
