import { readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { socketFilePath, type SocketFile } from './protocol.ts';

const CONNECT_DEADLINE_MS = 1000;

/** Where a watch of the project serves or served; null if none. */
export async function readSocketFile(cache: string): Promise<SocketFile | null> {
  try {
    const written = JSON.parse(await readFile(socketFilePath(cache), 'utf8')) as Partial<SocketFile> | null;
    return typeof written?.socket === 'string' ? { socket: written.socket } : null;
  } catch {
    return null;
  }
}

/** Connects to a watch; null if none listens. */
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
    // Later errors close the connection, which the user of the socket handles.
    socket.on('error', () => end(null));
  });
}
