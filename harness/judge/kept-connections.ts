import type { ConnectionsSummary } from '../terms/timeline-results.ts';
import type { JudgedCall } from './judged-call.ts';

type Fate = 'survived' | 'reset' | 'stalled';

/**
 * The fate of a stream's connections in a step.
 * @param calls in order of their start
 * @param kept number of connections that the stream keeps
 */
export function connectionsOf(calls: JudgedCall[], kept: number): ConnectionsSummary {
  const fates = [...byConnection(calls, kept).values()].map(fateOf);
  const count = (fate: Fate): number => fates.filter((one) => one === fate).length;
  return {
    survived: count('survived'),
    reset: count('reset'),
    stalled: count('stalled'),
    longestStallMs: calls.reduce((longest, { beginMs, endMs }) => Math.max(longest, endMs - beginMs), 0),
    lostBytes: calls.filter(breaks).reduce((sum, call) => sum + requestBytes(call), 0),
  };
}

/** Calls that ended the connections that count. */
export function endsOfConnections(calls: JudgedCall[], kept: number): JudgedCall[] {
  return [...byConnection(calls, kept).values()].flatMap((own) => {
    const fate = fateOf(own);
    return fate === 'survived' ? [] : [own.find(breaks) ?? own.at(-1)!];
  });
}

/** Initial connections have the lowest numbers: each replacement has a new one. */
function byConnection(calls: JudgedCall[], kept: number): Map<number, JudgedCall[]> {
  const all = new Map<number, JudgedCall[]>();
  for (const call of calls) {
    const number = call.record.connection ?? 0;
    const own = all.get(number) ?? [];
    own.push(call);
    all.set(number, own);
  }
  return new Map([...all].sort(([a], [b]) => a - b).slice(0, kept));
}

function fateOf(calls: JudgedCall[]): Fate {
  if (calls.some(breaks)) return 'reset';
  const { attempt, record } = calls.at(-1)!;
  return attempt.outcome === 'works' || record.servedBy !== null ? 'survived' : 'stalled';
}

/** Whether a call failed because its connection ended, not because of its timeout. */
function breaks({ record: { answered, outcome } }: JudgedCall): boolean {
  return !answered && outcome !== 'timeout' && outcome !== 'no-answer';
}

/** Payload of the segments that carried the request. */
function requestBytes({ packets, key }: JudgedCall): number {
  const sent = new Map<number, number>();
  for (const { node, direction, frame } of packets)
    if (node === key.caller && direction === 'out' && frame.tcp && frame.tcp.payloadLength > 0)
      sent.set(frame.tcp.seq, frame.tcp.payloadLength);
  return [...sent.values()].reduce((sum, bytes) => sum + bytes, 0);
}
