/**
 * Load of the benchmark: `serve` answers on TCP 80 and UDP 53; `load KIND HOST MS` makes one kind of load and prints
 * one JSON line. Requests and answers have 64 bytes.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

const SIZE = 64;
const PARALLEL = 16;
const REQUEST = Buffer.alloc(SIZE, 'r');
const STREAM = Buffer.alloc(262_144, 's');
/** A datagram that is not answered by then is lost. */
const LOSS_MS = 200;

/** What a load achieved. */
export interface LoadFigures {
  /** Requests, connections, bytes or datagrams. */
  count: number;
  failed: number;
  seconds: number;
  /** Milliseconds; null where nothing is answered one by one. */
  p50: number | null;
  p99: number | null;
}

/** Figures of the load that goes on, until `deadline`. */
class Tally {
  count = 0;
  failed = 0;
  readonly latencies: number[] = [];
  readonly #began = performance.now();
  readonly #deadline: number;

  constructor(milliseconds: number) {
    this.#deadline = this.#began + milliseconds;
  }

  get over(): boolean {
    return performance.now() >= this.#deadline;
  }

  figures(): LoadFigures {
    const sorted = this.latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? null;
    const seconds = (performance.now() - this.#began) / 1000;
    return { count: this.count, failed: this.failed, seconds, p50: at(0.5), p99: at(0.99) };
  }
}

function serve(udpHost: string): void {
  createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (data[0] === REQUEST[0]) socket.write(REQUEST.subarray(0, Math.min(data.length, SIZE)));
      else pour(socket);
    });
  }).listen(80);
  const udp = createSocket('udp4');
  udp.on('message', (data, peer) => udp.send(data, peer.port, peer.address));
  udp.bind(53, udpHost, () => console.log('{}'));
}

function pour(socket: Socket): void {
  while (socket.writable && socket.write(STREAM));
  socket.once('drain', () => pour(socket));
}

function open(host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 80, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

function exchange(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.write(REQUEST);
  });
}

async function requests(host: string, tally: Tally): Promise<void> {
  const socket = await open(host);
  while (!tally.over) {
    const began = performance.now();
    await exchange(socket);
    tally.latencies.push(performance.now() - began);
    tally.count++;
  }
  socket.resetAndDestroy();
}

async function connections(host: string, tally: Tally): Promise<void> {
  while (!tally.over) {
    const began = performance.now();
    const socket = await open(host);
    await exchange(socket);
    socket.resetAndDestroy();
    tally.latencies.push(performance.now() - began);
    tally.count++;
  }
}

async function stream(host: string, tally: Tally): Promise<void> {
  const socket = await open(host);
  socket.write('s');
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    tally.count += chunk.length;
    if (tally.over) break;
  }
  socket.resetAndDestroy();
}

async function datagrams(host: string, tally: Tally): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.connect(53, host, resolve));
  while (!tally.over) {
    const answered = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), LOSS_MS);
      socket.once('message', () => {
        clearTimeout(timer);
        resolve(true);
      });
      socket.send(REQUEST);
    });
    if (answered) tally.count++;
    else tally.failed++;
  }
  socket.close();
}

async function load(kind: string, host: string, milliseconds: number): Promise<void> {
  const loop = { requests, connections, stream, datagrams }[kind]!;
  const tally = new Tally(milliseconds);
  await Promise.all(
    Array.from({ length: PARALLEL }, () =>
      loop(host, tally).catch(() => {
        tally.failed++;
      }),
    ),
  );
  console.log(JSON.stringify(tally.figures()));
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'serve') serve(rest[0]!);
else void load(rest[0]!, rest[1]!, Number(rest[2]));
