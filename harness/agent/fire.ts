import { pingOutcome } from './ping-errors.ts';
import type { ClientOutcome } from '../terms/cause.ts';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { sendNextOutOfWindow } from './out-of-window.ts';
import type { DnsQuestion } from '../terms/plan.ts';
import { parseDnsAnswer, questionMessage } from './dns-message.ts';
import { runToEnd } from './programs/program.ts';
import type { FireParams, FireResult } from './protocol.ts';
import { errorOutcome, firstAnswer, parseAnswer, requestText } from './request.ts';
import { resetConnection } from './reset-connection.ts';

/** Runs one call and returns its outcome at the caller's socket. Ends within `timeoutMs`, or when cancelled. */
export async function fire(params: FireParams, cancelled: AbortSignal): Promise<FireResult> {
  // Node 20 may garbage-collect `AbortSignal.any` and `AbortSignal.timeout` before they fire, even with listeners.
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const timer = setTimeout(end, params.timeoutMs);
  cancelled.addEventListener('abort', end, { once: true });
  if (cancelled.aborted) end();
  try {
    return (await attempt(params, ended.signal)) ?? unanswered(cancelled);
  } finally {
    clearTimeout(timer);
    cancelled.removeEventListener('abort', end);
  }
}

function unanswered(cancelled: AbortSignal): FireResult {
  return { answered: false, outcome: cancelled.aborted ? 'no-answer' : 'timeout', answer: null };
}

/** Null if aborted first. */
function attempt(params: FireParams, signal: AbortSignal): Promise<FireResult | null> {
  if (params.protocol === 'icmp') return ping(params, signal);
  return params.protocol === 'udp' ? overDatagrams(params, signal) : overConnection(params, signal);
}

/** TCP: requests one after the other on one connection; HTTP is one GET. Null if aborted first. */
function overConnection(params: FireParams, signal: AbortSignal): Promise<FireResult | null> {
  const { address, port, sourcePort, freesPort = false, token, exchanges, outOfWindow } = params;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, localPort: sourcePort });
    let text = '';
    let done = 0;
    const finish = (result: FireResult | null): void => {
      signal.removeEventListener('abort', onAbort);
      if (result?.answered && !freesPort) socket.end();
      else resetConnection(socket);
      resolve(result);
    };
    const onAbort = (): void => finish(null);
    signal.addEventListener('abort', onAbort);
    const send = (): void => void socket.write(requestText(params));
    socket.setNoDelay(true);
    socket.on('connect', () => {
      if (outOfWindow === 'client') sendNextOutOfWindow(socket).then(send, reject);
      else socket.write(requestText({ ...params, answerOutOfWindow: outOfWindow === 'server' }));
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish({ answered: false, outcome: errorOutcome(error), answer: null }),
    );
    socket.on('close', () => finish({ answered: false, outcome: 'closed', answer: null }));
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
      const first = firstAnswer(text);
      if (!first) return;
      done += 1;
      const answer = parseAnswer(first.answer, token);
      text = first.rest;
      if (answer === null) finish({ answered: false, outcome: 'wrong-answer', answer: null });
      else if (params.protocol === 'tcp' && done < exchanges) send();
      else finish({ answered: true, outcome: params.protocol === 'http' ? '200' : 'answered', answer });
    });
  });
}

/** Retransmission interval of unanswered UDP and ICMP requests, which is up to the caller, ms. */
const RETRANSMIT_MS = 500;

/**
 * UDP on a connected socket, as in most clients: answers from other addresses are ignored. A single datagram is
 * retransmitted until it is answered, as resolvers do; with several exchanges, the answer to a retransmission would be
 * taken for the next one's.
 */
function overDatagrams(params: FireParams, signal: AbortSignal): Promise<FireResult | null> {
  const { address, port, sourcePort, exchanges } = params;
  const { request, read } = params.question ? dnsQuestion(params.question, params.token) : tokenDatagrams(params);
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    let done = 0;
    let again: NodeJS.Timeout | undefined;
    const finish = (result: FireResult | null): void => {
      clearInterval(again);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      socket.close();
      resolve(result);
    };
    const onAbort = (): void => finish(null);
    signal.addEventListener('abort', onAbort);
    const send = (): void => socket.send(request);
    const fail = (error: NodeJS.ErrnoException): void =>
      finish({ answered: false, outcome: errorOutcome(error), answer: null });
    socket.on('error', fail);
    socket.on('message', (message) => {
      done += 1;
      const result = read(message);
      if (result.answered && done < exchanges) send();
      else finish(result);
    });
    socket.bind(sourcePort, () => {
      socket.connect(port, address, (error?: Error) => {
        if (error) {
          fail(error);
          return;
        }
        send();
        if (exchanges === 1) again = setInterval(send, RETRANSMIT_MS);
      });
    });
  });
}

/** How to build a request, and how to interpret a response. */
interface Datagrams {
  request: Buffer | string;
  read: (answer: Buffer) => FireResult;
}

function tokenDatagrams(params: FireParams): Datagrams {
  return {
    request: requestText(params),
    read: (message) => {
      const answer = parseAnswer(message.toString('latin1'), params.token);
      return { answered: answer !== null, outcome: answer === null ? 'wrong-answer' : 'answered', answer };
    },
  };
}

/** Sequential, since servers may rotate answers by id (Knot DNS does): each answer begins with the next address. */
let nextId = 0;

/** Response codes that mean failure, with the error codes of Node's own resolver. */
const RCODES: Record<number, ClientOutcome> = {
  1: 'EFORMERR',
  2: 'ESERVFAIL',
  3: 'ENOTFOUND',
  4: 'ENOTIMP',
  5: 'EREFUSED',
};

function dnsQuestion(question: DnsQuestion, token: string): Datagrams {
  nextId = (nextId + 1) % 65_536;
  const id = nextId;
  return {
    request: questionMessage(question, token, id),
    read: (message) => {
      const response = parseDnsAnswer(message, question, id);
      if (response === null) return { answered: false, outcome: 'wrong-answer', answer: null };
      const { rcode, addresses } = response;
      if (rcode !== 0) return { answered: false, outcome: RCODES[rcode] ?? 'wrong-answer', answer: null };
      return { answered: true, outcome: 'answered', answer: null, addresses };
    },
  };
}

/** An ICMP echo with the token as payload (ping(8) -p takes up to 16 bytes), retransmitted until it is answered. */
async function ping(params: FireParams, signal: AbortSignal): Promise<FireResult | null> {
  const seconds = Math.max(1, Math.ceil(params.timeoutMs / 1000));
  const pattern = Buffer.from(params.token).toString('hex');
  const { bytes, dontFragment = false, address } = params;
  const sent = [
    ...(bytes.request === 0 ? [] : ['-s', String(bytes.request)]),
    ...(dontFragment ? ['-M', 'do'] : []),
    ...['-p', pattern, address],
  ];
  const { code, stdout, stderr } = await runToEnd(
    ['ping', '-n', '-c', '1', '-w', String(seconds), '-i', String(RETRANSMIT_MS / 1000), ...sent],
    { signal },
  );
  if (signal.aborted) return null;
  if (code === 0) return { answered: true, outcome: 'answered', answer: null };
  return { answered: false, outcome: pingOutcome(stdout + stderr), answer: null };
}
