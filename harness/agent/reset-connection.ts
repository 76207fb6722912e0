import type { Socket } from 'node:net';

/**
 * Resets a TCP connection: an unanswered FIN would be retransmitted into later flows. libuv cannot reset a socket that
 * is shutting down (uv_tcp_close_reset: UV_EINVAL), and Node would never close it.
 */
export function resetConnection(socket: Socket): void {
  const isShuttingDown = socket.writableEnded && !socket.writableFinished;
  if (socket.connecting || (isShuttingDown && socket.writableLength > 0)) socket.destroy();
  else if (isShuttingDown) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
}
