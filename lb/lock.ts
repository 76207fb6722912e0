import { createServer } from 'node:net';
import { LbError } from './terms/errors.ts';

/** An abstract socket: unique per network namespace, and gone with its process. */
const NAME = '\0l4lab-lb';

/**
 * Ensures that this is the only load balancer in its network namespace, until the returned function is called. Also
 * keeps the process alive.
 * @throws {LbError} `already-running`
 */
export function lockNamespace(): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause) => {
      const message = 'another load balancer runs in this network namespace: stop it first, or reload it with SIGHUP';
      reject(new LbError('already-running', message, { cause }));
    });
    server.listen(NAME, () => resolve(() => server.close()));
  });
}
