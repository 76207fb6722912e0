import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { checkSchema } from '../terms/config.ts';
import { checkOnce, checkTarget } from './check.ts';
import type { CheckResult } from './result.ts';

const OWN = '127.0.0.1';
const OTHER = '127.0.0.2';
/** An address that no host has (RFC 5737). */
const NOBODYS = '192.0.2.1';

/** A server that records the sources of requests. */
interface Listening {
  port: number;
  askers: string[];
  close: () => void;
}

async function listening(server: Server, askers: string[]): Promise<Listening> {
  server.listen(0, OWN);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, askers, close: () => void server.close() };
}

const LISTEN: Record<'tcp' | 'http' | 'udp', () => Promise<Listening>> = {
  tcp: () => {
    const askers: string[] = [];
    const server = createServer((socket) => {
      askers.push(socket.remoteAddress!);
      socket.on('error', () => undefined);
    });
    return listening(server, askers);
  },
  http: () => {
    const askers: string[] = [];
    const server = createHttpServer((request, response) => {
      askers.push(request.socket.remoteAddress!);
      response.end();
    });
    return listening(server, askers);
  },
  udp: async () => {
    const askers: string[] = [];
    const socket = createSocket('udp4', (_, { address, port }) => {
      askers.push(address);
      socket.send('here', port, address);
    });
    socket.bind(0, OWN);
    await once(socket, 'listening');
    return { port: socket.address().port, askers, close: () => void socket.close() };
  },
};

describe.each(['tcp', 'http', 'udp'] as const)('a check by %s', (type) => {
  let server: Listening;
  const ask = (fields: Record<string, unknown>): Promise<CheckResult> => {
    // Parsed, loopback addresses are refused.
    const check = { ...checkSchema.parse({ type, timeoutMs: 5000 }), ...fields };
    return checkOnce(checkTarget({ address: OWN, port: server.port, host: OWN, check }));
  };

  beforeEach(async () => {
    server = await LISTEN[type]();
  });
  afterEach(() => server.close());

  it.each([
    [{}, OWN],
    [{ source: OTHER }, OTHER],
  ])('with %j comes from %s', async (fields, from) => {
    expect(await ask(fields)).toMatchObject({ ok: true });
    expect(server.askers).toEqual([from]);
  });

  it('fails with a message if the host does not have its source', async () => {
    expect(await ask({ source: NOBODYS })).toEqual({ ok: false, reason: 'EADDRNOTAVAIL' });
  });
});
