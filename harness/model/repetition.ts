import { sendAgain, type Exchange } from './simulation/exchange.ts';
import type { Packet } from './simulation/packet.ts';
import { quotes } from './simulation/path-mtu.ts';
import type { End, Run } from './simulation/run.ts';
import { settleDown } from './simulation/simulate.ts';

/** After four losses a fifth teaches nodes nothing new: a redirect needs two until it is accepted. */
const LIMIT = 4;

/**
 * Retransmissions: TCP retransmits what was lost (RFC 6298), and so do the callers of UDP and ICMP. Each retransmission
 * benefits from what nodes have learned from the previous loss: ICMP redirects, path MTUs, neighbours. They end with an
 * answer, or when nothing new is learned from a loss.
 * @param run a settled run, which is continued
 * @param timeout whether the caller waits long enough to retransmit a SYN or a datagram
 * @returns whether the caller finally got its answer
 */
export function repeatUntilSettled(run: Run, timeout: 'long' | 'short' = 'long'): boolean {
  for (let time = 0; time < LIMIT; time++) {
    const lost = lostBy(run);
    if (lost === null || (timeout === 'short' && (lost.step === 'syn' || lost.protocol !== 'tcp'))) break;
    const before = learnedBy(run);
    forgetFailures(run);
    run.outbox.push({ node: run.exchange.flow.from, packet: sendAgain(run.exchange, lost) });
    settleDown(run);
    if (run.exchange.answered || learnedBy(run) === before) break;
  }
  return run.exchange.answered;
}

/** The packet that the caller retransmits: its last request, otherwise its SYN; null after an answer or refusal. */
function lostBy(run: Run): Packet | null {
  const { exchange } = run;
  if (exchange.answered || (exchange.protocol === 'udp' && (exchange.flow.exchanges ?? 1) > 1)) return null;
  if (isRefused(run)) return null;
  return (
    exchange.sent.findLast(({ step }) => step === 'request') ??
    exchange.sent.findLast(({ step }) => step === 'syn') ??
    null
  );
}

/** Whether the caller was refused. */
export function isRefused({ exchange, ends }: Run): boolean {
  return exchange.sent.some((packet) => endsTheCall(exchange, ends.get(packet.id)));
}

/**
 * A reset, or an ICMP error delivered to the caller's socket: one that quotes its packet. An established connection
 * ignores the latter, and TCP sends smaller segments if something was too big (tcp_v4_err, __udp4_lib_err).
 */
function endsTheCall({ flow, sent }: Exchange, end: End | undefined): boolean {
  if (end?.fate !== 'delivered' || end.node !== flow.from) return false;
  const { step, about, mtu } = end.packet;
  if (step === 'reset') return true;
  if (step !== 'error' || about === undefined || !quotes(about, sent[about.id]!)) return false;
  return about.protocol !== 'tcp' || (about.step === 'syn' && mtu === undefined);
}

/** After a second the kernel requests an unanswered neighbour again, and sends one more redirect. */
export function forgetFailures({ states }: Pick<Run, 'states'>): void {
  for (const { neighbours, redirected } of states.values()) {
    redirected.clear();
    for (const [key, { failed }] of neighbours) if (failed) neighbours.delete(key);
  }
}

/** The state of nodes that determines where packets go. */
function learnedBy({ states }: Run): string {
  return JSON.stringify(
    [...states].map(([node, { neighbours, macTable, redirects, pathMtus, connections }]) => [
      node,
      [...neighbours].map(([key, { mac, failed }]) => [key, mac, failed]).sort(),
      [...macTable],
      [...redirects],
      [...pathMtus],
      connections.map(({ original, reply, tcp }) => [original, reply, tcp]),
    ]),
  );
}
