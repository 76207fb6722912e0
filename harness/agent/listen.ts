import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { replySocket } from '../terms/listener.ts';
import type { ListenerPlan } from '../terms/plan.ts';
import type { Listening } from './listening.ts';
import { sendNextOutOfWindow } from './out-of-window.ts';
import { nameAnswer, serveNames } from './name-server.ts';
import type { ServerAnswer } from './protocol.ts';
import { OUT_OF_WINDOW } from './request.ts';
import { resetConnection } from './reset-connection.ts';

/** What a listener needs to know about its node. */
interface ListenerContext {
  /** Evaluated for HTTP requests that are not part of a flow. */
  failsChecks: () => boolean;
  /** Whether the node has this address now. */
  isHere: (address: string) => boolean;
  /** Services for which no load balancer has a healthy server. */
  servicesDown: readonly string[];
  /** Called with the output of programs. */
  log: (line: string) => void;
}

const ALONE: ListenerContext = { failsChecks: () => false, isHere: () => true, servicesDown: [], log: () => undefined };

/**
 * Answers every request with the server's name and the source that it saw; or DNS queries, as a DNS server.
 * @param addresses UDP binds to each of them: a reply from a wildcard socket has the route's source address, not the
 * called one (udp(7)).
 */
export async function listen(
  server: string,
  plan: ListenerPlan,
  addresses: string[],
  { failsChecks, isHere, servicesDown, log } = ALONE,
): Promise<Listening> {
  if (plan.protocol === 'tcp') return listenTcp({ name: server, failsChecks }, plan.port, plan.address ?? '::');
  if (plan.names !== undefined) {
    const answers = plan.names.map((name) => nameAnswer(name, servicesDown));
    return serveNames(answers, plan.address ? [plan.address] : addresses, log);
  }
  const own = plan.address === undefined ? addresses : [plan.address];
  const sockets = await Promise.all(own.map((address) => bindUdp(plan.port, address)));
  const { answersFrom, answersFromPort = plan.port } = plan;
  if (answersFromPort !== plan.port) {
    for (const [index, address] of own.entries()) {
      const from = replySocket([plan], { protocol: 'udp', port: plan.port, address });
      answerUdp(server, { port: plan.port, address }, sockets[index]!, (answer, peer) => sendOnce(from, answer, peer));
    }
    return { close: () => Promise.all(sockets.map((socket) => closeUdp(socket))) };
  }
  const known = answersFrom === undefined ? undefined : sockets[own.indexOf(answersFrom)];
  // Without this address it receives requests but cannot reply.
  const canReply = answersFrom === undefined || isHere(answersFrom);
  const elsewhere =
    answersFrom === undefined || !canReply ? undefined : (known ?? (await bindUdp(plan.port, answersFrom)));
  for (const [index, address] of own.entries()) {
    const isOfFamily = answersFrom !== undefined && isV6(answersFrom) === isV6(address);
    const from = isOfFamily ? elsewhere : sockets[index]!;
    if (from === undefined) continue;
    answerUdp(server, { port: plan.port, address }, sockets[index]!, (answer, peer) =>
      from.send(answer, peer.port, peer.address),
    );
  }
  if (known === undefined && elsewhere !== undefined) sockets.push(elsewhere);
  return { close: () => Promise.all(sockets.map((socket) => closeUdp(socket))) };
}

/** Source of a datagram. */
interface Peer {
  address: string;
  port: number;
}

/** Context of a TCP server. */
interface TcpServer {
  name: string;
  failsChecks: () => boolean;
}

async function listenTcp(answering: TcpServer, port: number, address: string): Promise<Listening> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(answering, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, 1024, resolve);
  });
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) resetConnection(socket);
      }),
  };
}

/** Each line is `TOKEN BYTES`; if the first line is an HTTP request line, the answer is HTTP/1.1. */
function serve(answering: TcpServer, socket: Socket): void {
  let text = '';
  socket.setNoDelay(true);
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1');
    if (/^(GET|HEAD) /.test(text)) {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      answerHttp(answering, socket, text.slice(0, end));
      text = text.slice(end + 4);
      return;
    }
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const [token = '', bytes = '0', how] = text.slice(0, end).split(' ');
      text = text.slice(end + 1);
      const answer = `${JSON.stringify(answerOf(answering.name, token, socket))}${filler(Number(bytes))}\n`;
      send(socket, how === OUT_OF_WINDOW, () => socket.write(answer));
    }
  });
}

/** @param outOfWindow if this is impossible, nothing is sent: an ordinary answer would prove nothing */
function send(socket: Socket, outOfWindow: boolean, write: () => void): void {
  if (outOfWindow) sendNextOutOfWindow(socket).then(write, () => resetConnection(socket));
  else write();
}

function answerHttp({ name, failsChecks }: TcpServer, socket: Socket, request: string): void {
  const [, token = '', bytes = '0', how] = /^\S+ \/([^?\s]*)(?:\?bytes=(\d+)(?:&(\S+))?)?/.exec(request) ?? [];
  const body = `${JSON.stringify(answerOf(name, token, socket))}${filler(Number(bytes))}\n`;
  const keeps = /^connection: keep-alive\r?$/im.test(request);
  const status = !token.startsWith(TOKEN) && failsChecks() ? '503 Service Unavailable' : '200 OK';
  const answer = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: ${keeps ? 'keep-alive' : 'close'}\r\n\r\n${body}`;
  send(socket, how === OUT_OF_WINDOW, () => {
    if (keeps) socket.write(answer);
    else socket.end(answer);
  });
}

/** Prefix of flow tokens; requests for other paths are health checks. */
const TOKEN = 'l4lab-';

/** White space, so that the answer remains one JSON value. */
function filler(bytes: number): string {
  return ' '.repeat(bytes);
}

function answerOf(server: string, token: string, socket: Socket): ServerAnswer {
  return {
    token,
    server,
    peer: endpoint(socket.remoteAddress, socket.remotePort),
    local: endpoint(socket.localAddress, socket.localPort),
  };
}

/** `address port`; IPv4 addresses of a dual-stack socket lose their ::ffff: prefix. */
function endpoint(address: string | undefined, port: number | undefined): string {
  return `${(address ?? '').replace(/^::ffff:/, '')} ${port ?? 0}`;
}

function isV6(address: string): boolean {
  return address.includes(':');
}

function answerUdp(
  name: string,
  local: { port: number; address: string },
  socket: UdpSocket,
  send: (answer: string, peer: Peer) => void,
): void {
  socket.on('message', (message, peer) => {
    const [token = '', bytes = '0'] = message.toString('latin1').split(' ');
    const answer: ServerAnswer = {
      token,
      server: name,
      peer: endpoint(peer.address, peer.port),
      local: endpoint(local.address, local.port),
    };
    send(JSON.stringify(answer) + filler(Number(bytes)), peer);
  });
}

/** Sends from a socket that exists only for this: calls to its port are refused, as to any port without a listener. */
function sendOnce({ address, port }: { address: string; port: number }, answer: string, peer: Peer): void {
  const socket = createSocket({ type: isV6(address) ? 'udp6' : 'udp4', reuseAddr: true });
  // The node may lack this address.
  socket.once('error', () => socket.close());
  socket.bind(port, address, () => socket.send(answer, peer.port, peer.address, () => socket.close()));
}

async function bindUdp(port: number, address: string): Promise<UdpSocket> {
  const socket = createSocket(isV6(address) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      resolve();
    });
  });
  return socket;
}

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
