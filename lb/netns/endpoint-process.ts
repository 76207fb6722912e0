/**
 * Servers and clients of the tests: runs in a network namespace and executes commands from JSON lines on stdin. Every
 * response of a server is one line: its name, and the source address and port of the request.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, CallOptions, Command, LoadResult } from './endpoint.ts';

const name = process.argv[2]!;
/** Functions that stop listeners, by protocol and port. */
const listeners = new Map<string, (done: () => void) => unknown>();
const kept = new Map<number, Socket>();
let handles = 0;
let load: (() => Promise<LoadResult>) | null = null;

interface Target extends CallOptions {
  host: string;
  port: number;
  timeoutMs: number;
}

/** Pause between two calls of a load, so that other processes can run. */
const PAUSE_MS = 5;

/**
 * Source ports of a load, below the kernel's ephemeral range. The kernel would soon reuse the port of a refused
 * connection, which in dsr reaches the flow's server again, whatever the scheduler.
 */
const LOAD_PORTS = { first: 10_000, count: 20_000 };
let loadCalls = 0;

function perform(command: Command): Promise<unknown> {
  switch (command.op) {
    case 'listen':
      return command.protocol === 'udp' ? listenUdp(command.port, command.host) : listenTcp(command.port);
    case 'unlisten':
      return new Promise((resolve) => listeners.get(`${command.protocol}/${command.port}`)!(() => resolve(null)));
    case 'call':
      return command.protocol === 'udp' ? askUdp(command) : callTcp(command);
    case 'open':
      return open(command);
    case 'ask':
      return askTcp(kept.get(command.handle)!, command.timeoutMs, command.bytes);
    case 'load':
      load = startLoad(command);
      return Promise.resolve(null);
    case 'end-load':
      return load!();
    case 'close-all':
      for (const socket of kept.values()) socket.end();
      kept.clear();
      return Promise.resolve(null);
  }
}

function answerTo(address: string, port: number): string {
  return `${name} ${address.replace(/^::ffff:/, '')} ${port}`;
}

function listenTcp(port: number): Promise<null> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // A health check may have closed before it is accepted.
      const answer = answerTo(socket.remoteAddress ?? '', socket.remotePort ?? 0);
      socket.on('error', () => undefined);
      socket.on('data', (asked) => socket.write(`${answer.padEnd(Number(asked.toString()) || 0)}\n`));
    });
    server.on('error', reject);
    server.listen(port, () => resolve(null));
    listeners.set(`tcp/${port}`, (done) => {
      server.close(done);
      // Reset, as the kernel does for a killed process: a client that vanished silently would keep the connection open.
      // libuv does not reset a socket that is shutting down, and Node would never close it.
      for (const socket of sockets)
        if (socket.writableEnded) socket.destroy();
        else socket.resetAndDestroy();
    });
  });
}

/**
 * A UDP socket replies from the address that it is bound to; an unbound one uses the preferred source of the route.
 */
function listenUdp(port: number, host: string): Promise<null> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (_, peer) => socket.send(answerTo(peer.address, peer.port), peer.port, peer.address));
    socket.on('error', reject);
    socket.bind(port, host, () => resolve(null));
    listeners.set(`udp/${port}`, (done) => socket.close(done));
  });
}

async function callTcp(target: Target): Promise<Answer> {
  const handle = await open(target);
  if (typeof handle !== 'number') return handle;
  const socket = kept.get(handle)!;
  const answer = await askTcp(socket, target.timeoutMs);
  kept.delete(handle);
  socket.resetAndDestroy();
  return answer;
}

function open({ host, port, timeoutMs, from, localPort }: Target): Promise<number | Answer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: from, localPort });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ error: 'timeout' });
    }, timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ error: error.code ?? error.message });
    });
    socket.on('connect', () => {
      clearTimeout(timer);
      kept.set(++handles, socket);
      resolve(handles);
    });
  });
}

function askTcp(socket: Socket, timeoutMs: number, bytes = 0): Promise<Answer> {
  // A late acknowledgement may have been answered with a reset meanwhile.
  if (socket.destroyed) return Promise.resolve({ error: endOf(socket) });
  return new Promise((resolve) => {
    const done = (answer: Answer) => {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve(answer);
    };
    let text = '';
    const onData = (data: Buffer) => {
      text += data.toString();
      if (text.endsWith('\n')) done(parse(text));
    };
    const onClose = () => done({ error: endOf(socket) });
    const timer = setTimeout(() => done({ error: 'timeout' }), timeoutMs);
    socket.on('data', onData);
    socket.on('close', onClose);
    socket.write(String(bytes));
  });
}

/**
 * Why a connection ended. Servers never close one, and libuv reports a reset that arrives together with data as an end.
 */
function endOf(socket: Socket): string {
  const failed: NodeJS.ErrnoException | null = socket.errored;
  return failed?.code ?? 'ECONNRESET';
}

/** Calls until the returned function is called, which waits for calls in progress. */
function startLoad(target: { host: string; port: number; parallel: number; timeoutMs: number }) {
  const result: LoadResult = { answered: 0, failed: {} };
  let ended = false;
  const loops = Array.from({ length: target.parallel }, async () => {
    while (!ended) {
      const localPort = LOAD_PORTS.first + (loadCalls++ % LOAD_PORTS.count);
      const { error } = await callTcp({ ...target, localPort });
      if (error === undefined) result.answered++;
      else result.failed[error] = (result.failed[error] ?? 0) + 1;
      await delay(PAUSE_MS);
    }
  });
  return async () => {
    ended = true;
    await Promise.all(loops);
    return result;
  };
}

function askUdp({ host, port, timeoutMs, from, localPort, bytes = 1 }: Target): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const done = (answer: Answer) => {
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => done({ error: 'timeout' }), timeoutMs);
    socket.on('message', (data) => done(parse(data.toString())));
    socket.on('error', (error: NodeJS.ErrnoException) => done({ error: error.code ?? error.message }));
    socket.bind(localPort ?? 0, from, () => {
      // Connected, so that only the server's answers are received.
      socket.connect(port, host, () => socket.send('?'.repeat(bytes)));
    });
  });
}

function parse(text: string): Answer {
  const [server, source, port] = text.trim().split(' ');
  return { server: server!, source: source!, sourcePort: Number(port) };
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, command } = JSON.parse(line) as { id: number; command: Command };
    perform(command).then(
      (result) => console.log(JSON.stringify({ id, result })),
      (error: unknown) => console.log(JSON.stringify({ id, result: { error: String(error) } })),
    );
  })
  .on('close', () => process.exit(0));
