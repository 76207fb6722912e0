import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fire } from './fire.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('an unanswered flow ends in time, regardless of garbage collection', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const collecting = setInterval(collectGarbage, 20);
  try {
    const result = await fire(
      {
        token: 'l4lab-test',
        protocol: 'udp',
        address: '127.0.0.1',
        port: silent.address().port,
        sourcePort: 0,
        bytes: { request: 0, reply: 0 },
        exchanges: 1,
        timeoutMs: 200,
      },
      new AbortController().signal,
    );
    expect(result).toEqual({ answered: false, outcome: 'timeout', answer: null });
  } finally {
    clearInterval(collecting);
    silent.close();
  }
});

test('a socket that cannot be connected reports the reason', async () => {
  const params = {
    token: 'l4lab-test',
    port: 9,
    sourcePort: 0,
    bytes: { request: 0, reply: 0 },
    exchanges: 1,
    timeoutMs: 2000,
  };
  // Without SO_BROADCAST the kernel refuses it, as it refuses an address that it has no route to.
  const call = { ...params, protocol: 'udp' as const, address: '255.255.255.255' };
  expect(await fire(call, new AbortController().signal)).toEqual({ answered: false, outcome: 'EACCES', answer: null });
});

test('two consecutive calls from one port: the first one releases it', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(`${JSON.stringify({ token: 'l4lab-test' })}\n`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const call = (): Promise<unknown> =>
    fire(
      {
        token: 'l4lab-test',
        protocol: 'tcp',
        address: '127.0.0.1',
        port,
        sourcePort: 19_999,
        freesPort: true,
        bytes: { request: 0, reply: 0 },
        exchanges: 1,
        timeoutMs: 2000,
      },
      new AbortController().signal,
    );
  try {
    expect([await call(), await call()]).toMatchObject([{ outcome: 'answered' }, { outcome: 'answered' }]);
  } finally {
    server.close();
  }
});
