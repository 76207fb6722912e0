import type { ClientOutcome } from '../terms/cause.ts';
import type { FlowProtocol } from '../terms/plan.ts';
import type { ServerAnswer } from './protocol.ts';

/** A caller's request to a listener. */
export interface Request {
  token: string;
  protocol: FlowProtocol;
  /** Called address. */
  address: string;
  /** Extra payload in each direction. */
  bytes: { request: number; reply: number };
  /** TCP: the answer's first data must leave with a sequence number out of the window; absent means false. */
  answerOutOfWindow?: boolean;
  /** HTTP: whether to keep the connection for more requests; absent means false. */
  keep?: boolean;
}

/** Marks a request with `answerOutOfWindow`. */
export const OUT_OF_WINDOW = 'out-of-window';

/** A request as sent over a connection or in a datagram. */
export function requestText(request: Request): string {
  const { token, protocol, address, bytes, keep = false, answerOutOfWindow = false } = request;
  const filler = 'x'.repeat(bytes.request);
  if (protocol === 'udp') return `${token} ${bytes.reply} ${filler}`;
  if (protocol === 'tcp') return `${token} ${bytes.reply} ${answerOutOfWindow ? `${OUT_OF_WINDOW} ` : ''}${filler}\n`;
  const query = `bytes=${bytes.reply}${answerOutOfWindow ? `&${OUT_OF_WINDOW}` : ''}`;
  return `GET /${token}?${query} HTTP/1.1\r\nHost: ${address}\r\nX-Filler: ${filler}\r\nConnection: ${keep ? 'keep-alive' : 'close'}\r\n\r\n`;
}

/** The first complete answer in received text, and the remaining text; null if it is incomplete. */
export function firstAnswer(text: string): { answer: string; rest: string } | null {
  const found = /\{[^{}]*\} *\n/.exec(text);
  return found && { answer: found[0], rest: text.slice(found.index + found[0].length) };
}

/** Null if the text is not an answer to this token. */
export function parseAnswer(text: string, token: string): ServerAnswer | null {
  try {
    const answer = JSON.parse(text) as ServerAnswer;
    return answer.token === token ? answer : null;
  } catch {
    return null;
  }
}

/** Outcome of a socket error. */
export function errorOutcome({ code }: NodeJS.ErrnoException): ClientOutcome {
  return code?.startsWith('E') ? (code as ClientOutcome) : 'EIO';
}
