import { MAX_PARALLEL_ATTEMPTS, CALL_DEADLINE_MS, MAX_CALL_BYTES, MAX_FLOW_BYTES } from '../../terms/limits.ts';
import type { Problem } from '../problem.ts';
import type { Flow } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Payloads that fit into no packet, or that captures or results cannot hold. */
export function payloadProblems(path: Path, flow: Flow): Problem[] {
  const problems: Problem[] = [];
  if (flow.protocol === 'icmp' && flow.bytes > 0 && (flow.bytes < LEAST_IN_AN_ECHO || flow.bytes > MOST_IN_AN_ECHO)) {
    const message = `must be ${LEAST_IN_AN_ECHO} to ${inDigits(MOST_IN_AN_ECHO)} in an echo request, not ${inDigits(flow.bytes)}`;
    problems.push({ path: [...path, 'bytes'], message });
  }
  for (const field of ['bytes', 'requestBytes', 'replyBytes'] as const) {
    const bytes = flow[field];
    if (bytes === undefined) continue;
    if (flow.protocol === 'udp' && bytes > MOST_IN_A_DATAGRAM) {
      const message = `must be at most ${inDigits(MOST_IN_A_DATAGRAM)} in a datagram (the harness adds its own header), not ${inDigits(bytes)}`;
      problems.push({ path: [...path, field], message });
    }
    problems.push(...tooMuch({ ...flow, bytes }).map((message) => ({ path: [...path, field], message })));
  }
  return problems;
}

/** What no run could carry in the time that a call has, or write down. */
function tooMuch({ bytes, exchanges, repeat }: Pick<Flow, 'bytes' | 'exchanges' | 'repeat'>): string[] {
  const atOnce = Math.min(repeat, MAX_PARALLEL_ATTEMPTS);
  if (bytes * exchanges * atOnce > MAX_CALL_BYTES) {
    const times = [
      ...(exchanges > 1 ? [`${exchanges} exchanges`] : []),
      ...(atOnce > 1 ? [`${atOnce} attempts at once`] : []),
    ];
    const all = times.length === 0 ? '' : ` × ${times.join(' × ')} = ${inDigits(bytes * exchanges * atOnce)} bytes`;
    return [
      `${inDigits(bytes)} bytes${all}: captures can follow at most ${inDigits(MAX_CALL_BYTES)} in the ${CALL_DEADLINE_MS / 1000} s of a call`,
    ];
  }
  const all = bytes * exchanges * repeat;
  if (all <= MAX_FLOW_BYTES) return [];
  return [
    `${inDigits(all)} bytes in ${repeat} attempts: results.json has room for the packets of at most ${inDigits(MAX_FLOW_BYTES)}`,
  ];
}

function inDigits(number: number): string {
  return number.toLocaleString('en');
}

/** Extra payload that fits into the largest datagram (RFC 768 over IPv4) beside what identifies it. */
const MOST_IN_A_DATAGRAM = 65_000;

/** Of ping(8) by default: enough for its timestamp, and for what identifies the flow beside that. */
const LEAST_IN_AN_ECHO = 56;

/** RFC 792 over IPv4. */
const MOST_IN_AN_ECHO = 65_507;
