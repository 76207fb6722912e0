import { answerTo, callerSends, hasSocket, isForCaller, openSocket } from './exchange.ts';
import { isRequest } from './packet.ts';
import type { Packet } from './packet.ts';
import { deliver, die } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './topology.ts';

/**
 * What a node does with a packet for one of its own addresses, after the kernel has accepted it.
 * Returns the packets that it sends in turn.
 */
export function consume(run: Run, host: Host, packet: Packet): Packet[] {
  if (packet.step === 'reset') return [];
  return isRequest(packet.step) ? serve(run, host, packet) : hear(run, host, packet);
}

/** The server's side. */
function serve(run: Run, host: Host, packet: Packet): Packet[] {
  const { exchange } = run;
  const { protocol, step } = packet;
  if (protocol === 'tcp' && step !== 'syn') {
    if (!hasSocket(exchange, host.name, packet)) return refuse(run, host, packet, 'knows of no such connection');
    deliver(run, packet, host.name);
    return step === 'request' ? answer(run, host, packet) : [];
  }
  const listens = host.plan.listeners.some((l) => l.protocol === protocol && l.port === packet.dstPort);
  if (protocol !== 'icmp' && !listens) {
    return refuse(run, host, packet, `does not listen on ${packet.dst}:${packet.dstPort}/${protocol}`);
  }
  deliver(run, packet, host.name);
  if (step !== 'syn') return answer(run, host, packet);
  openSocket(exchange, host.name, packet);
  return [answerTo(exchange, packet, 'syn-ack')];
}

function answer({ exchange }: Run, host: Host, packet: Packet): Packet[] {
  exchange.served ??= { node: host.name, source: packet.src };
  return [answerTo(exchange, packet, 'reply')];
}

function refuse(run: Run, host: Host, packet: Packet, why: string): Packet[] {
  die(run, packet, host.name, 'refused', `${host.name} ${why}`);
  return packet.protocol === 'tcp' ? [answerTo(run.exchange, packet, 'reset')] : [];
}

/** The caller's side. */
function hear(run: Run, host: Host, packet: Packet): Packet[] {
  const { exchange } = run;
  const { flow } = exchange;
  if (host.name !== flow.from || !isForCaller(exchange, packet)) {
    const detail = `${host.name} called ${flow.address}, but the answer came from ${packet.src}`;
    die(run, packet, host.name, 'reply-not-from-vip', detail);
    return [];
  }
  deliver(run, packet, host.name);
  if (packet.step === 'reply') {
    exchange.answered = true;
    return [];
  }
  return exchange.sent.some(({ step }) => step === 'request')
    ? []
    : [callerSends(exchange, 'ack'), callerSends(exchange, 'request')];
}
