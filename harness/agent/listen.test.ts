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

test('a program whose node lacks the address that it replies from gets requests, and does not reply', async () => {
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
