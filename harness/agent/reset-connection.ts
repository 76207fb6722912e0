import type { Socket } from 'node:net';

/**
 * Ends a TCP connection by a reset: a FIN that nobody answers would be repeated into what follows. libuv resets nothing
 * that is being shut down (uv_tcp_close_reset: UV_EINVAL), and Node would never close it then.
 */
export function resetConnection(socket: Socket): void {
  const isShuttingDown = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting || (isShuttingDown && socket.writableLength > 0)) socket.destroy();
  else if (isShuttingDown) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
