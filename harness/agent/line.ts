import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ClientOutcome } from '../terms/cause.ts';
import type { ServerAnswer } from './protocol.ts';
import { errorOutcome, firstAnswer, parseAnswer, requestText, type Request } from './request.ts';
import { resetConnection } from './reset-connection.ts';

/** Result of an exchange. */
export interface Exchanged {
  outcome: ClientOutcome;
  answer: ServerAnswer | null;
}

/** A socket to one destination, for one or more consecutive exchanges. */
export interface Line {
  /** Whether it has been opened: a TCP connection once established, a UDP socket immediately. */
  readonly isOpen: boolean;
  /** Whether a late answer is still possible: TCP retransmits. */
  readonly retransmits: boolean;
  /** Whether no more exchanges are possible. */
  readonly isBroken: boolean;
  /** Sends a request as soon as possible; resolves with the answer, or when the line breaks. One at a time. */
  exchange(token: string): Promise<Exchanged>;
  /** Aborts the current exchange, which then never resolves, so that the kernel retransmits nothing. */
  abandon(): void;
  /** Closes it as a satisfied client does; resolves when it is closed, which `abandon` speeds up. */
  close(): Promise<void>;
}

/** Destination and source port of a line. */
export interface LineParams extends Omit<Request, 'token'> {
  port: number;
  sourcePort: number;
  /**
   * End a TCP connection with a reset, which frees its port immediately; after a FIN it would be blocked for a minute.
   */
  freesPort: boolean;
}

export function openLine(params: LineParams): Line {
  return params.protocol === 'udp' ? udpLine(params) : tcpLine(params);
}

function tcpLine({ port, sourcePort, freesPort, ...request }: LineParams): Line {
  const socket = connect({ host: request.address, port, localPort: sourcePort });
  const waiting = new Waiting();
  const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  let text = '';
  let isOpen = false;
  socket.setNoDelay(true);
  socket.on('connect', () => (isOpen = true));
  socket.on('error', (error) => waiting.fail(errorOutcome(error)));
  socket.on('end', () => waiting.fail('closed'));
  socket.on('close', () => waiting.fail('closed'));
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1');
    const first = firstAnswer(text);
    if (!first) return;
    text = first.rest;
    const answer = parseAnswer(first.answer, waiting.token);
    if (answer) waiting.end({ outcome: request.protocol === 'http' ? '200' : 'answered', answer });
    else waiting.end({ outcome: 'wrong-answer', answer: null });
  });
  return {
    get isOpen() {
      return isOpen;
    },
    get isBroken() {
      return waiting.failure !== null;
    },
    get retransmits() {
      return isOpen && waiting.failure === null;
    },
    exchange(token) {
      // Data written before the connection is established is sent afterwards.
      if (waiting.failure === null) socket.write(requestText({ ...request, token }));
      return waiting.begin(token);
    },
    abandon() {
      waiting.abandon();
      resetConnection(socket);
    },
    close() {
      if (freesPort) resetConnection(socket);
      else socket.end();
      return gone;
    },
  };
}

/** A connected socket, as in most clients: answers from other addresses are ignored. No retransmissions. */
function udpLine({ port, sourcePort, ...request }: LineParams): Line {
  const { address } = request;
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const waiting = new Waiting();
  const connected = new Promise<void>((resolve) => {
    const fail = (error: Error): void => waiting.fail(errorOutcome(error));
    socket.once('error', fail);
    socket.bind(sourcePort, () => {
      socket.off('error', fail);
      // An ICMP error concerns one datagram; the socket stays usable.
      socket.on('error', (error) => waiting.end({ outcome: errorOutcome(error), answer: null }));
      socket.connect(port, address, (error?: Error) => {
        if (error) fail(error);
        else resolve();
      });
    });
  });
  socket.on('message', (message) => {
    const text = message.toString('latin1');
    const answer = parseAnswer(text, waiting.token);
    if (answer) waiting.end({ outcome: 'answered', answer });
    // It may be a late answer to an earlier request.
    else if (!/"token":"l4lab-/.test(text)) waiting.end({ outcome: 'wrong-answer', answer: null });
  });
  let isClosed = false;
  const end = (): void => {
    waiting.abandon();
    if (!isClosed) socket.close();
    isClosed = true;
  };
  return {
    isOpen: true,
    retransmits: false,
    get isBroken() {
      return waiting.failure !== null;
    },
    exchange(token) {
      void connected.then(() => {
        if (waiting.token === token) socket.send(requestText({ ...request, token }));
      });
      return waiting.begin(token);
    },
    abandon: end,
    close() {
      end();
      return Promise.resolve();
    },
  };
}

/** The exchange in progress on a line. */
class Waiting {
  token = '';
  failure: ClientOutcome | null = null;
  #resolve: ((exchanged: Exchanged) => void) | null = null;

  begin(token: string): Promise<Exchanged> {
    this.token = token;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      if (this.failure !== null) this.end({ outcome: this.failure, answer: null });
    });
  }

  end(exchanged: Exchanged): void {
    this.#resolve?.(exchanged);
    this.abandon();
  }

  /**
   * Marks the line as broken: the current exchange, or the next one, fails with this outcome. The first reason counts.
   */
  fail(outcome: ClientOutcome): void {
    this.failure ??= outcome;
    this.end({ outcome: this.failure, answer: null });
  }

  abandon(): void {
    this.token = '';
    this.#resolve = null;
  }
}
