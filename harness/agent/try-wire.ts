import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ipBatch } from './programs/program.ts';
import type { TryParams, WireEnd } from './protocol.ts';

const REPEAT_MS = 50;

/** A responder at the addresses of an interface. */
export interface Responder {
  ends: WireEnd[];
  close(): void;
}

/** Adds addresses to an interface and answers every datagram to them. */
export async function answerAt(params: TryParams): Promise<Responder> {
  const sockets = await openAt(params);
  for (const socket of sockets) socket.on('message', (_, { port, address }) => socket.send('', port, address));
  return { ends: sockets.map((socket) => socket.address()), close: () => sockets.map((socket) => socket.close()) };
}

/**
 * Adds addresses to an interface, and sends datagrams from each to the peer address of the same IP version until it
 * answers.
 * @returns the ends without an answer in time
 */
export async function silentEnds(params: TryParams, ends: WireEnd[], timeoutMs: number): Promise<string[]> {
  const sockets = await openAt(params);
  try {
    const answered = await Promise.all(
      sockets.map(async (socket) => {
        const end = ends.find(({ address }) => isIPv6(address) === isIPv6(socket.address().address));
        return end !== undefined && (await answers(socket, end, timeoutMs));
      }),
    );
    return params.addresses.filter((_, index) => !answered[index]);
  } finally {
    for (const socket of sockets) socket.close();
  }
}

async function answers(socket: Socket, { address, port }: WireEnd, timeoutMs: number): Promise<boolean> {
  // Ignores errors (filtered, no neighbour): only the deadline counts.
  const send = (): void => socket.send('', port, address, () => undefined);
  const repeat = setInterval(send, REPEAT_MS);
  try {
    send();
    await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) });
    return true;
  } catch {
    return false;
  } finally {
    clearInterval(repeat);
  }
}

async function openAt({ wireAddress, addresses }: TryParams): Promise<Socket[]> {
  const [iface] = Object.entries(networkInterfaces()).find(([, infos]) =>
    infos?.some(({ address }) => address === wireAddress),
  )!;
  await ipBatch(addresses.map((cidr) => `addr add ${cidr} dev ${iface}${cidr.includes(':') ? ' nodad' : ''}`));
  return Promise.all(
    addresses.map(async (cidr) => {
      const address = cidr.split('/')[0]!;
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
      socket.bind({ address, port: 0 });
      await once(socket, 'listening');
      return socket;
    }),
  );
}
