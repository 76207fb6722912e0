import { readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { doorplate, type Doorplate } from './protocol.ts';

const CONNECT_DEADLINE_MS = 1000;

/** Where a watch of the project serves, or served; null where none does. */
export async function readDoorplate(cache: string): Promise<Doorplate | null> {
  try {
    const plate = JSON.parse(await readFile(doorplate(cache), 'utf8')) as Partial<Doorplate> | null;
    return typeof plate?.socket === 'string' ? { socket: plate.socket } : null;
  } catch {
    return null;
  }
}

/** A connection to whoever listens there; null where nobody does. */
export function connectTo({ socket: path }: Doorplate): Promise<Socket | null> {
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
