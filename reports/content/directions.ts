import type { Leg } from '../../harness/terms/reason.ts';
import type { Hop, Walk } from '../../harness/terms/walk.ts';

/** The directions of a walk in order: first the query to a DNS server, if any. */
export function directionsOf({ question, request, reply }: Walk): { leg: Leg; hops: Hop[] }[] {
  const directions: [Leg, Hop[]][] = [
    ['question', question?.request ?? []],
    ['answer', question?.reply ?? []],
    ['request', request],
    ['reply', reply],
  ];
  return directions.filter(([, hops]) => hops.length > 0).map(([leg, hops]) => ({ leg, hops }));
}

/** Labels in texts. */
export const DIRECTION_TITLES: Record<Leg, string> = {
  question: 'DNS query',
  answer: 'DNS answer',
  request: 'request',
  reply: 'reply',
};

/** How it is drawn: as a request or as a reply. */
export function toneOf(leg: Leg): 'request' | 'reply' {
  return leg === 'question' || leg === 'request' ? 'request' : 'reply';
}
