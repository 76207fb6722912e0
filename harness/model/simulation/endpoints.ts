import { host as hostOf } from '../../scenario/address.ts';
import { listensAt, replySocket } from '../../terms/listener.ts';
import { otherPort } from '../../terms/reply-port.ts';
import { cause, type Cause } from '../../terms/cause.ts';
import { callsItself, cannotReply, interfaceAddresses, ownerOf } from '../../scenario/lookup.ts';
import { hidesSource } from './conntrack.ts';
import { answerTo, callerSends, closeSocket, hasSocket, isForCaller, openSocket } from './exchange.ts';
import { asFirstData } from './out-of-window.ts';
import { isRequest, backOnPath } from './packet.ts';
import type { Packet } from './packet.ts';
import { handleIcmpError, learnPeerLimit } from './path-mtu.ts';
import { sendIcmpError, deliver, die, stateOf } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './network.ts';

/**
 * Processes a packet for one of the node's own addresses, after the kernel has accepted it. Replies go to the outbox.
 */
export function consume(run: Run, host: Host, packet: Packet): void {
  if (packet.step === 'error') {
    deliver(run, packet, host.name);
    handleIcmpError(run, host, packet);
  } else if (isRequest(packet.step)) serve(run, host, packet);
  else if (packet.step === 'reset' && closeSocket(run.exchange, host.name, packet)) deliver(run, packet, host.name);
  else receiveReply(run, host, packet);
}

/** Refusal: a reset for TCP, but none about a reset (RFC 9293, 3.10.7.1); ICMP port unreachable for the rest. */
export function refuse(run: Run, host: Host, packet: Packet, why = withoutListener(run, host, packet)): void {
  die(run, backOnPath(packet), why);
  if (packet.step === 'reset') return;
  if (packet.protocol === 'tcp') enqueue(run, host, answerTo(run.exchange, packet, 'reset'));
  else sendIcmpError(run, host, packet);
}

/** No listener for that address and port. */
function withoutListener({ network, exchange }: Run, { name }: Host, { dst, dstPort, protocol }: Packet): Cause {
  const { flow } = exchange;
  const isOwn = name === flow.from && dst === flow.address && callsItself(network.plan, flow);
  const at = { node: name, address: dst, port: dstPort, protocol };
  return cause('refused', isOwn ? 'called-itself' : 'listener-missing', at);
}

/** The server's side. */
function serve(run: Run, host: Host, packet: Packet): void {
  const { exchange } = run;
  const { protocol, step } = packet;
  const isPausedNode = run.circumstances.paused.has(host.name);
  if (protocol === 'tcp' && step !== 'syn') {
    if (!hasSocket(exchange, host.name, packet)) {
      refuse(run, host, packet, withoutSocket(host, packet));
      return;
    }
    deliver(run, packet, host.name);
    if (step === 'request' && !isPausedNode && packet.isOutOfWindow !== true) answer(run, host, packet);
    return;
  }
  const called = { protocol, address: packet.dst, port: packet.dstPort };
  if (protocol !== 'icmp' && !(listensAt(host.plan.listeners, called) && isBoundTo(host, called))) {
    refuse(run, host, packet);
    return;
  }
  deliver(run, packet, host.name);
  if (step !== 'syn') {
    if (protocol === 'icmp' || (!isPausedNode && !cannotReply(host.plan, called))) answer(run, host, packet);
    return;
  }
  openSocket(exchange, host.name, packet);
  learnPeerLimit(run, host, packet);
  enqueue(run, host, answerTo(exchange, packet, 'syn-ack'));
}

/**
 * UDP listeners bind to the addresses of the node's interfaces and loopback (harness/agent/listen.ts), not to those that its load
 * balancer adds.
 */
function isBoundTo({ plan }: Host, { protocol, address }: { protocol: string; address: string }): boolean {
  return protocol !== 'udp' || [...interfaceAddresses(plan), ...plan.loopback.map(hostOf)].includes(address);
}

function withoutSocket({ name: node }: Host, { src: source, dst: destination }: Packet): Cause {
  return cause('connection-unknown', 'state-missing', { node, source, destination });
}

function answer(run: Run, host: Host, packet: Packet): void {
  run.exchange.served ??= { node: host.name, source: packet.src };
  const { protocol, dst: address, dstPort: port } = packet;
  const source = replySocket(host.plan.listeners, { protocol, address, port });
  const reply = answerTo(run.exchange, packet, 'reply');
  const isElsewhere = source.address !== address || source.port !== port;
  const sent = isElsewhere ? { ...reply, src: source.address, srcPort: source.port, asked: { address, port } } : reply;
  enqueue(run, host, asFirstData(run, host, sent));
}

/** The caller's side. */
function receiveReply(run: Run, host: Host, packet: Packet): void {
  const { exchange } = run;
  const { flow } = exchange;
  const isOwn = host.name === flow.from && isForCaller(exchange, packet);
  if (packet.isOutOfWindow === true) {
    if (isOwn) deliver(run, packet, host.name);
    else refuse(run, host, packet, withoutSocket(host, packet));
    return;
  }
  if (!isOwn) {
    const { src: source, dst: destination } = packet;
    const node = host.name;
    const unknown = cause('connection-unknown', 'state-missing', { node, source, destination });
    const isTranslator = host.plan.nat !== undefined && node !== flow.from;
    const sent = isTranslator ? hiddenBehind(run, host, packet) : null;
    const isUnknown = packet.asked === undefined && run.circumstances.overTime;
    if (
      node !== flow.from &&
      packet.asked === undefined &&
      !run.circumstances.overTime &&
      callerHas(run, destination)
    ) {
      die(run, packet, unknown);
      return;
    }
    // A load balancer, or a router with NAT, that did not forward the request does not know this reply.
    if (isTranslator ? sent === null : isUnknown && host.plan.balancer !== null && node !== flow.from) {
      if (!run.circumstances.overTime || packet.step === 'reset') die(run, packet, unknown);
      else refuse(run, host, packet, unknown);
      return;
    }
    const owner = ownerOf(run.network.plan, source);
    const called = sent ?? (node === flow.from ? flow : (packet.asked ?? flow));
    const ports = otherPort(packet.protocol === 'icmp' ? null : called.port, packet.srcPort);
    const at = { node, called: called.address, source, owner, ...ports };
    const why =
      sent === null
        ? cause('reply-not-from-vip', 'reply-from-elsewhere', at)
        : cause('reply-not-from-vip', 'reply-not-translated', { ...at, address: destination });
    // A program that answers from another port is the cause, whatever forwarded its answer to the caller.
    die(run, node === flow.from && source === flow.address ? backOnPath(packet) : packet, why);
    return;
  }
  deliver(run, packet, host.name);
  if (packet.step === 'reply') exchange.answered = true;
  else if (packet.step === 'syn-ack' && !exchange.sent.some(({ step }) => step === 'request')) {
    learnPeerLimit(run, host, packet);
    enqueue(run, host, callerSends(exchange, 'ack'));
    enqueue(run, host, asFirstData(run, host, callerSends(exchange, 'request')));
  }
}

/** Whether the caller also has this address: it called from one that another node has too, and replies go there. */
function callerHas({ network, exchange }: Run, address: string): boolean {
  return network.hosts.get(exchange.flow.from)!.owned.has(address);
}

/** The destination of a request that a router sent from its own address, and that this reply belongs to; null if there is none. */
export function hiddenBehind(run: Run, host: Host, { dst, dstPort }: Packet): { address: string; port: number } | null {
  const asked = stateOf(run, host).connections.find(
    (connection) => hidesSource(connection) && connection.reply.dst === dst && connection.reply.dstPort === dstPort,
  );
  return asked === undefined ? null : { address: asked.reply.src, port: asked.reply.srcPort };
}

function enqueue(run: Run, host: Host, packet: Packet): void {
  run.outbox.push({ node: host.name, packet });
}
