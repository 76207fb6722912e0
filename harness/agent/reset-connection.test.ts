import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { resetConnection } from './reset-connection.ts';

const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

test.each<[string, (socket: Socket) => void]>([
  ['open', () => undefined],
  ['being shut down', (socket) => void socket.end()],
  ['being shut down with more to send than its peer takes', (socket) => void socket.end(Buffer.alloc(50_000_000))],
])('no state is left of a connection that is %s', async (_, before) => {
  const server = createServer().listen(0, '127.0.0.1');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  const [[peer]] = await Promise.all([accepted, once(socket, 'connect')]);
  before(socket);
  resetConnection(socket);
  peer.destroy();
  server.close();
  while (sockets() > 0) await delay(5);
});
