import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { listen } from './listen.ts';
import { fire } from './fire.ts';

const GONE = '2001:db8::99';

async function freePort(): Promise<number> {
  const socket = createSocket('udp6').bind(0, '::1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

test('a program whose node lacks its reply address receives requests but does not reply', async () => {
  const port = await freePort();
  const context = {
    failsChecks: () => false,
    log: () => undefined,
    isHere: (address: string) => address !== GONE,
    servicesDown: [],
  };
  const call = (address: string): Promise<unknown> =>
    fire(
      {
        ...{ token: 'l4lab-test', protocol: 'udp', address, port, sourcePort: 0, exchanges: 1, timeoutMs: 300 },
        bytes: { request: 0, reply: 0 },
      },
      new AbortController().signal,
    );
  const plan = { protocol: 'udp' as const, port, answersFrom: GONE };
  const listening = await listen('s1', plan, ['::1', '127.0.0.1'], context);
  try {
    // Nothing listening would be a refusal.
    expect(await call('::1')).toMatchObject({ answered: false, outcome: 'timeout' });
    expect(await call('127.0.0.1')).toMatchObject({ answered: true });
  } finally {
    await listening.close();
  }
});

test('an unconnected socket receives a reply from another port, a connected one does not', async () => {
  const [port, other] = [await freePort(), await freePort()];
  const listening = await listen('s1', { protocol: 'udp', port, answersFromPort: other }, ['::1']);
  const open = createSocket('udp6').bind(0, '::1');
  const connected = createSocket('udp6');
  try {
    const ignored: unknown[] = [];
    connected.on('message', (_, peer) => ignored.push(peer));
    await new Promise<void>((resolve) => connected.connect(port, '::1', resolve));
    connected.send('l4lab-connected');
    open.send('l4lab-open', port, '::1');
    const [, peer] = (await once(open, 'message')) as [Buffer, { port: number }];
    expect(peer.port).toBe(other);
    expect(ignored).toEqual([]);
    // The program does not listen there.
    const refused = createSocket('udp6');
    await new Promise<void>((resolve) => refused.connect(other, '::1', resolve));
    refused.send('l4lab-refused');
    expect(((await once(refused, 'error')) as [NodeJS.ErrnoException])[0].code).toBe('ECONNREFUSED');
    refused.close();
  } finally {
    open.close();
    connected.close();
    await listening.close();
  }
});
