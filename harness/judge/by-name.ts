import { staleAnswer } from '../terms/by-name.ts';
import { cause } from '../terms/cause.ts';
import type { ByName } from '../terms/plan.ts';
import type { Attempt } from '../terms/attempt.ts';
import type { Sighting } from '../terms/sighting.ts';

/** The result of an attempt's DNS query. */
export interface Asked {
  attempt: Attempt;
  /** In the order of the answer. */
  addresses: string[];
}

/**
 * Combines the question and the call of an attempt by name.
 * @param called null if there was no call
 */
export function withQuestion(byName: ByName, { attempt: asked, addresses }: Asked, called: Attempt | null): Attempt {
  const { name, server } = byName;
  const { request, reply } = asked.observed;
  const question = { name, server, request, reply, addresses };
  if (called === null) return { ...uncalled(byName, asked, addresses), observed: { request: [], reply: [], question } };
  return {
    ...called,
    findings: [...asked.findings, ...called.findings],
    sentAgainMs: called.sentAgainMs ?? asked.sentAgainMs,
    observed: { ...called.observed, question },
    ...concatPackets(asked, called),
    durationMs: asked.durationMs + called.durationMs,
  };
}

/**
 * An attempt with a cached answer.
 * @param asked the new question after a failed call; null if the call worked
 */
export function withCachedAnswer(from: string, byName: ByName, called: Attempt, asked: Asked | null): Attempt {
  const { name, server, cached } = byName;
  const { address, ageS } = cached!;
  const question = { name, server, request: [], reply: [], addresses: [address], ageS };
  const isAnswered = asked?.attempt.outcome === 'works';
  const why = called.cause && isAnswered ? staleAnswer(from, byName, called.cause, asked.addresses) : null;
  return { ...called, cause: why ?? called.cause, observed: { ...called.observed, question } };
}

/** There was no call: the question failed, or its answer has no address to call. */
function uncalled({ name, server: node, calls }: ByName, asked: Attempt, addresses: string[]): Attempt {
  const nobody = { servedBy: null, sourceSeen: null, findings: [], sentAgainMs: null };
  const failed: Attempt = { ...asked, ...nobody, outcome: 'fails' };
  if (asked.outcome === 'fails') return failed;
  if (addresses.length === 0) {
    const source = asked.observed.request.at(-1)!.src.ip;
    const why =
      calls.length === 0
        ? cause('no-address', 'name-without-address', { node, name })
        : cause('no-address', 'no-record-left', { node, name, source });
    return { ...failed, client: 'ENOTFOUND', cause: why };
  }
  // The address is in no record: the server lacks its configuration.
  const why = cause('unexplained', 'nothing-fits', { node, client: 'wrong-answer' });
  return { ...failed, client: 'wrong-answer', cause: why };
}

/** Concatenates the packets of two attempts, with times since the same epoch. */
function concatPackets(first: Attempt, second: Attempt): Pick<Attempt, 'packets' | 'epoch'> {
  if (first.packets.length === 0) return { packets: second.packets, epoch: second.epoch };
  if (second.packets.length === 0) return { packets: first.packets, epoch: first.epoch };
  const laterNs = Number(BigInt(second.epoch) - BigInt(first.epoch));
  const later = second.packets.map((packet): Sighting => ({ ...packet, time: packet.time + laterNs }));
  return { packets: [...first.packets, ...later], epoch: first.epoch };
}
