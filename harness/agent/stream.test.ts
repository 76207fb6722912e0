import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallRecord } from '../terms/timeline-results.ts';
import { listen } from './listen.ts';
import type { Listening } from './listening.ts';
import type { StreamParams } from './protocol.ts';
import { Stream } from './stream.ts';

const EVERY_MS = 5;
const TOKEN = /^l4lab-[0-9a-z]{8}$/;

/** A stream, with whatever it has recorded so far; ended with its test. */
class Told implements Disposable {
  readonly records: CallRecord[] = [];
  readonly #stream: Stream;

  constructor(port: number, params: Partial<StreamParams> = {}) {
    const whole: StreamParams = {
      name: 'calls',
      protocol: 'tcp',
      address: '127.0.0.1',
      port,
      everyMs: EVERY_MS,
      timeoutMs: 5000,
      connection: 'new',
      connections: 1,
      sourcePorts: [12_000, 12_999],
      tokens: 'l4lab-abc',
      bytes: { request: 0, reply: 0 },
      ...params,
    };
    this.#stream = new Stream(whole, (records) => this.records.push(...records));
  }

  resume(step: number): void {
    this.#stream.resume(step);
  }

  pause(): Promise<void> {
    return this.#stream.pause();
  }

  /** Resumes until the step has this many recorded calls, then pauses. */
  async step(step: number, calls: number): Promise<CallRecord[]> {
    this.resume(step);
    await this.until(() => this.of(step).length >= calls);
    await this.pause();
    return this.of(step);
  }

  of(step: number): CallRecord[] {
    return this.records.filter((record) => record.step === step);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await delay(2);
  }

  [Symbol.dispose](): void {
    this.#stream.stop();
  }
}

/** A TCP server that does with each connection what the test wants. */
async function serve(onConnection: (socket: Socket, count: number) => void): Promise<Server & { port: number }> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket, count++);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

async function freePort(): Promise<number> {
  const server = await serve(() => undefined);
  server.close();
  await once(server, 'close');
  return server.port;
}

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()));
});

async function listener(protocol: 'tcp' | 'udp'): Promise<number> {
  const port = await freePort();
  open.push(await listen('s1', { protocol, port }, ['127.0.0.1']));
  return port;
}

test.each(['tcp', 'http', 'udp'] as const)(
  'every %s call has its own token, port and connection, and is recorded once, in its step',
  async (protocol) => {
    using recorded = new Told(await listener(protocol === 'udp' ? 'udp' : 'tcp'), {
      protocol,
      bytes: { request: 10, reply: 3000 },
    });
    await recorded.step(0, 30);
    await recorded.step(1, 5);
    expect(new Set(recorded.records.map(({ token }) => token)).size).toBe(recorded.records.length);
    expect(new Set(recorded.records.map(({ sourcePort }) => sourcePort)).size).toBe(recorded.records.length);
    for (const record of recorded.records) {
      expect(record).toMatchObject({
        stream: 'calls',
        token: expect.stringMatching(TOKEN) as string,
        answered: true,
        outcome: protocol === 'http' ? '200' : 'answered',
        servedBy: 's1',
        sourceSeen: '127.0.0.1',
      });
      expect(record.connection).toBeUndefined();
      expect(record.endedAt).toBeGreaterThanOrEqual(record.beganAt);
    }
    const [first, second] = [recorded.of(0), recorded.of(1)];
    expect(Math.max(...first.map(({ endedAt }) => endedAt))).toBeLessThanOrEqual(second[0]!.beganAt);
  },
);

test('calls start at their rate, even if earlier ones fail', async () => {
  const server = await serve((socket, count) => {
    if (count % 2 === 1) socket.resetAndDestroy();
  });
  using recorded = new Told(server.port, { timeoutMs: 100 });
  const calls = await recorded.step(0, 20);
  server.close();
  expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['timeout', 'ECONNRESET']));
  expect(calls.every(({ answered }) => !answered)).toBe(true);
  // The silent ones take 100 ms each: one after the other, 10 of them would take a second.
  const begun = calls.map(({ beganAt }) => beganAt).sort((a, b) => a - b);
  const [longest] = calls.map(({ beganAt, endedAt }) => endedAt - beganAt).sort((a, b) => b - a);
  expect(longest).toBeGreaterThanOrEqual(99);
  const overlapping = begun.filter((at) => calls.some((other) => other.beganAt < at && at < other.endedAt));
  expect(overlapping.length).toBeGreaterThan(calls.length / 2);
});

test('a call does not work if its answer arrives after the timeout', async () => {
  const server = await serve((socket) => {
    socket.once('data', (piece: Buffer) => {
      const [token] = piece.toString().split(' ');
      const answer = JSON.stringify({ token, server: 's1', peer: '127.0.0.1 1', local: '' });
      setTimeout(() => socket.write(`${answer}\n`), 150);
    });
  });
  using recorded = new Told(server.port, { timeoutMs: 50 });
  const calls = await recorded.step(0, 3);
  server.close();
  expect(new Set(calls.map(({ answered, outcome }) => `${answered} ${outcome}`))).toEqual(new Set(['false timeout']));
});

test('a missing listener is recorded with the error code of the socket', async () => {
  using tcp = new Told(await freePort());
  expect(new Set((await tcp.step(0, 3)).map(({ outcome }) => outcome))).toEqual(new Set(['ECONNREFUSED']));
  using udp = new Told(await freePort(), { protocol: 'udp' });
  expect(new Set((await udp.step(0, 3)).map(({ outcome }) => outcome))).toEqual(new Set(['ECONNREFUSED']));
});

test.each(['tcp', 'http'] as const)('a fixed source port serves %s calls one after the other', async (protocol) => {
  const sourcePort = await freePort();
  using recorded = new Told(await listener('tcp'), { protocol, sourcePort, everyMs: 200 });
  const calls = await recorded.step(0, 4);
  expect(new Set(calls.map((call) => `${call.sourcePort} ${call.answered}`))).toEqual(new Set([`${sourcePort} true`]));
});

test.each(['tcp', 'udp'] as const)(
  'a %s call from a fixed port waits for the end of the previous one',
  async (protocol) => {
    const silent = protocol === 'tcp' ? await serve(() => undefined) : createSocket('udp4').bind(0, '127.0.0.1');
    if ('address' in silent && protocol === 'udp') await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    using recorded = new Told(port, { protocol, sourcePort: await freePort(), timeoutMs: 20 });
    const calls = await recorded.step(0, 5);
    silent.close();
    expect(calls.map(({ outcome }) => outcome)).toEqual(calls.map(() => 'timeout'));
    calls.slice(1).forEach(({ beganAt }, i) => expect(beganAt).toBeGreaterThanOrEqual(calls[i]!.endedAt));
  },
);

test.each(['tcp', 'http', 'udp'] as const)(
  'kept %s connections carry all calls, each one after the other',
  async (protocol) => {
    using recorded = new Told(await listener(protocol === 'udp' ? 'udp' : 'tcp'), {
      protocol,
      connection: 'kept',
      connections: 3,
      bytes: { request: 10, reply: 3000 },
    });
    await recorded.step(0, 20);
    const calls = [...recorded.records, ...(await recorded.step(1, 20))];
    expect(new Set(calls.map(({ connection }) => connection))).toEqual(new Set([0, 1, 2]));
    expect(new Set(calls.map(({ sourcePort }) => sourcePort)).size).toBe(3);
    expect(calls.every(({ answered }) => answered)).toBe(true);
    for (const number of [0, 1, 2]) {
      const own = calls.filter(({ connection }) => connection === number);
      own.slice(1).forEach(({ beganAt }, i) => expect(beganAt).toBeGreaterThanOrEqual(own[i]!.endedAt));
    }
  },
);

test('a broken connection fails one call and is reopened with the next number', async () => {
  const sockets: Socket[] = [];
  const server = await serve((socket, count) => {
    sockets.push(socket);
    socket.on('data', (piece: Buffer) => {
      const [token] = piece.toString().split(' ');
      socket.write(`${JSON.stringify({ token, server: `s${count}`, peer: '127.0.0.1 1', local: '' })}\n`);
    });
  });
  using recorded = new Told(server.port, { connection: 'kept' });
  await recorded.step(0, 3);
  // While nothing is under way: the caller learns of it by its next call.
  sockets.splice(0).forEach((socket) => socket.resetAndDestroy());
  const calls = await recorded.step(1, 4);
  expect(calls.slice(0, 2).map(({ connection, outcome }) => [connection, outcome])).toEqual([
    [0, 'ECONNRESET'],
    [1, 'answered'],
  ]);
  expect(calls[1]).toMatchObject({ servedBy: 's1' });
  expect(calls[1]!.sourcePort).not.toBe(calls[0]!.sourcePort);
  sockets.forEach((socket) => socket.resetAndDestroy());
  server.close();
  await once(server, 'close');
  // What never came to be uses up no number.
  const refused = await recorded.step(2, 5);
  expect(refused.slice(1).map(({ connection, outcome }) => [connection, outcome])).toEqual(
    refused.slice(1).map(() => [2, 'ECONNREFUSED']),
  );
});

test('an exchange that outlasts its step failed in it, and is recorded again in the step where it ends', async () => {
  let answer: (() => void) | null = null;
  let count = 0;
  const server = await serve((socket) => {
    socket.on('data', (piece: Buffer) => {
      const [token] = piece.toString().split(' ');
      const send = (): void =>
        void socket.write(`${JSON.stringify({ token, server: 's1', peer: '127.0.0.1 1', local: '' })}\n`);
      if (count++ === 2) answer = send;
      else send();
    });
  });
  using recorded = new Told(server.port, { connection: 'kept', timeoutMs: 30 });
  recorded.resume(0);
  await recorded.until(() => answer !== null);
  await recorded.pause();
  const [, , stuck] = recorded.of(0);
  expect(recorded.of(0)).toHaveLength(3);
  expect(stuck).toMatchObject({ answered: false, outcome: 'timeout', servedBy: null });
  // Held, it tells nothing, even when the answer comes.
  answer!();
  recorded.resume(1);
  await recorded.until(() => recorded.of(1).length >= 2);
  await recorded.pause();
  const [again, next] = recorded.of(1);
  expect(again).toMatchObject({
    token: stuck!.token,
    connection: 0,
    beganAt: stuck!.beganAt,
    answered: false,
    outcome: 'timeout',
    servedBy: 's1',
  });
  expect(next).toMatchObject({ connection: 0, answered: true });
  expect(recorded.of(0)).toHaveLength(3);
  server.close();
});

test('a stopped stream leaves no connection, and reports nothing more', async () => {
  const sockets = new Set<Socket>();
  const server = await serve((socket) => {
    sockets.add(socket.resume());
    socket.on('close', () => sockets.delete(socket));
  });
  const recorded = new Told(server.port, { connection: 'kept', connections: 4 });
  recorded.resume(0);
  await recorded.until(() => sockets.size === 4);
  recorded[Symbol.dispose]();
  await recorded.until(() => sockets.size === 0);
  server.close();
  await once(server, 'close');
  expect(recorded.records).toEqual([]);
});

test('the next stream uses other ports: a server may still have connections of the previous one', async () => {
  const port = await listener('tcp');
  using before = new Told(port);
  const earlier = await before.step(0, 3);
  before[Symbol.dispose]();
  using after = new Told(port);
  const later = await after.step(0, 3);
  const ports = (calls: CallRecord[]): number[] => calls.map(({ sourcePort }) => sourcePort);
  expect(ports(later).filter((one) => ports(earlier).includes(one))).toEqual([]);
});
