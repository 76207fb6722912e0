import { readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { socketFilePath, type SocketFile } from './protocol.ts';

const CONNECT_DEADLINE_MS = 1000;

/** Where a watch of the project serves, or served; null where none does. */
export async function readSocketFile(cache: string): Promise<SocketFile | null> {
  try {
    const written = JSON.parse(await readFile(socketFilePath(cache), 'utf8')) as Partial<SocketFile> | null;
    return typeof written?.socket === 'string' ? { socket: written.socket } : null;
  } catch {
    return null;
  }
}

/** A connection to whoever listens there; null where nobody does. */
export function connectTo({ socket: path }: SocketFile): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const end = (connected: Socket | null): void => {
      clearTimeout(timer);
      if (connected === null) socket.destroy();
      resolve(connected);
    };
    const timer = setTimeout(() => end(null), CONNECT_DEADLINE_MS);
    socket.once('connect', () => end(socket));
    // Later errors end the connection, which its user sees.
    socket.on('error', () => end(null));
  });
}
