import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ClientOutcome } from '../terms/cause.ts';
import type { ServerAnswer } from './protocol.ts';
import { errorOutcome, firstAnswer, parseAnswer, requestText, type Request } from './request.ts';
import { resetConnection } from './reset-connection.ts';

/** What an exchange came to. */
export interface Exchanged {
  outcome: ClientOutcome;
  answer: ServerAnswer | null;
}

/** A socket to one destination: for one exchange, or for one after the other. */
export interface Line {
  /** Whether it has come to be: a TCP connection once it is established, a UDP socket at once. */
  readonly isOpen: boolean;
  /** Whether an answer may still come, however late: TCP sends again what is lost. */
  readonly waits: boolean;
  /** No exchange is possible any more. */
  readonly isBroken: boolean;
  /** Sends a request as soon as it can; ends with the answer, or when the line breaks. One at a time. */
  exchange(token: string): Promise<Exchanged>;
  /** Gives up the exchange under way, which never ends then, and leaves nothing that the kernel would repeat. */
  abandon(): void;
  /** Ends it as a client does that has got what it wanted; answers when it is gone, which `abandon` hastens. */
  close(): Promise<void>;
}

/** Where a line leads, and from which port. */
export interface LineParams extends Omit<Request, 'token'> {
  port: number;
  sourcePort: number;
  /** A TCP connection ends by reset, which frees its port at once; by FIN the port would be taken for a minute. */
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
    get waits() {
      return isOpen && waiting.failure === null;
    },
    exchange(token) {
      // What is written before it is connected is sent once it is.
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

/** A connected socket, as most clients use it: an answer from another address is not taken. Nothing is sent again. */
function udpLine({ port, sourcePort, ...request }: LineParams): Line {
  const { address } = request;
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const waiting = new Waiting();
  const connected = new Promise<void>((resolve) => {
    const fail = (error: Error): void => waiting.fail(errorOutcome(error));
    socket.once('error', fail);
    socket.bind(sourcePort, () => {
      socket.off('error', fail);
      // What an ICMP error says is of one datagram; the socket goes on.
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
    // The answer to an earlier request may be late.
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
    waits: false,
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

/** The one exchange of a line that is under way. */
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

  /** The line is broken: the exchange under way, or the next one, is told why. The first reason counts. */
  fail(outcome: ClientOutcome): void {
    this.failure ??= outcome;
    this.end({ outcome: this.failure, answer: null });
  }

  abandon(): void {
    this.token = '';
    this.#resolve = null;
  }
}
