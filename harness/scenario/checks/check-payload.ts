import { MAX_PARALLEL_ATTEMPTS, CALL_DEADLINE_MS, MAX_CALL_BYTES, MAX_FLOW_BYTES } from '../../terms/limits.ts';
import type { Problem } from '../problem.ts';
import type { Flow } from '../schema.ts';
import type { Path } from '../yaml-file.ts';

/** Payloads too large for a packet, captures or results. */
export function payloadProblems(path: Path, flow: Flow): Problem[] {
  const problems: Problem[] = [];
  if (flow.protocol === 'icmp' && flow.bytes > 0 && (flow.bytes < MIN_ECHO_PAYLOAD || flow.bytes > MAX_ECHO_PAYLOAD)) {
    const message = `must be ${MIN_ECHO_PAYLOAD} to ${inDigits(MAX_ECHO_PAYLOAD)} in an echo request, not ${inDigits(flow.bytes)}`;
    problems.push({ path: [...path, 'bytes'], message });
  }
  for (const field of ['bytes', 'requestBytes', 'replyBytes'] as const) {
    const bytes = flow[field];
    if (bytes === undefined) continue;
    if (flow.protocol === 'udp' && bytes > MAX_DATAGRAM_PAYLOAD) {
      const message = `must be at most ${inDigits(MAX_DATAGRAM_PAYLOAD)} in a datagram (the harness adds its own header), not ${inDigits(bytes)}`;
      problems.push({ path: [...path, field], message });
    }
    problems.push(...tooMuch({ ...flow, bytes }).map((message) => ({ path: [...path, field], message })));
  }
  return problems;
}

/** Payloads that a call cannot transfer before its deadline, or results cannot store. */
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

/** Extra payload of the largest datagram (RFC 768 over IPv4), minus the harness's own data. */
const MAX_DATAGRAM_PAYLOAD = 65_000;

/** Default of ping(8): enough for its timestamp and the flow's token. */
const MIN_ECHO_PAYLOAD = 56;

/** RFC 792 over IPv4. */
const MAX_ECHO_PAYLOAD = 65_507;
