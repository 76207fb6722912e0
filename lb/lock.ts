import { createServer } from 'node:net';
import { LbError } from './terms/errors.ts';

/** An abstract socket: the kernel keeps one of a name per network namespace, and forgets it with its process. */
const NAME = '\0l4lab-lb';

/**
 * Makes sure that this is the only load balancer of its network namespace, until the returned function is called.
 * Keeps the process alive as well.
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
