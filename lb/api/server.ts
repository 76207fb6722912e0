import { timingSafeEqual } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { LbConfig } from '../terms/config.ts';
import { LbError } from '../terms/errors.ts';
import type { ApiContext, ApiResponse } from './routes.ts';
import { failure, failureOf, notFound, ROUTES } from './routes.ts';

/** Bytes of a request's body; a configuration of 1,000 services with 10 servers each has 1 MB. */
const BODY_LIMIT = 16_777_216;

/** Where the API listens, as configured. */
export type ApiEndpoint = NonNullable<LbConfig['api']>;

/**
 * Serves the API until the returned function is called.
 * @throws {LbError} `already-running` when another load balancer answers there.
 */
export async function serveApi(endpoint: ApiEndpoint, context: ApiContext): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    void respond(endpoint, context, request).then(({ status, contentType, body }) => {
      response.writeHead(status, { 'content-type': `${contentType}; charset=utf-8`, 'cache-control': 'no-store' });
      response.end(body);
    });
  });
  if ('socket' in endpoint) await listenOnSocket(server, endpoint.socket);
  else await listen(server, endpoint);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if ('socket' in endpoint) await rm(endpoint.socket, { force: true });
  };
}

async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (await answers(path)) throw new LbError('already-running', `another program already listens at ${path}`);
  await rm(path, { force: true });
  const mask = process.umask(0o177);
  try {
    await listen(server, { socket: path });
  } finally {
    process.umask(mask);
  }
  await chmod(path, 0o600);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function listen(server: Server, endpoint: { socket: string } | { port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = 'socket' in endpoint ? endpoint.socket : `127.0.0.1:${endpoint.port}`;
      const code = error.code === 'EADDRINUSE' ? 'already-running' : 'internal';
      reject(new LbError(code, `the API cannot listen at ${where}: ${error.message}`, { cause: error }));
    });
    if ('socket' in endpoint) server.listen(endpoint.socket, resolve);
    else server.listen(endpoint.port, '127.0.0.1', resolve);
  });
}

async function respond(endpoint: ApiEndpoint, context: ApiContext, request: IncomingMessage): Promise<ApiResponse> {
  try {
    const known = !('token' in endpoint) || authorised(request, endpoint.token);
    const body = await readBody(request, known ? BODY_LIMIT : 0);
    if (!known) {
      return failure(401, 'unauthorised', 'send `Authorization: Bearer` with the token of the configuration');
    }
    const [path = '/', ...search] = (request.url ?? '/').split('?');
    const here = ROUTES.map((route) => ({ route, params: match(route.path, path) })).filter(
      ({ params }) => params !== null,
    );
    const found = here.find(({ route }) => route.method === request.method);
    if (here.length === 0) return notFound(`unknown path ${path}; see /v1/openapi.json`);
    if (!found)
      return failure(405, 'method-not-allowed', `${path} supports ${here.map(({ route }) => route.method).join(', ')}`);
    if (body.error) return body.error;
    return await found.route.run(context, found.params!, body.value, new URLSearchParams(search.join('?')));
  } catch (error) {
    return failureOf(error);
  }
}

function authorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Values of the placeholders in a route's path, or null if the path does not match. */
function match(pattern: string, path: string): string[] | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const params: string[] = [];
  for (const [i, step] of wanted.entries()) {
    if (step.startsWith('{')) params.push(given[i]!);
    else if (step !== given[i]) return null;
  }
  return params;
}

/**
 * Reads the whole body even if the request is refused: a client that is still sending might otherwise see a broken pipe
 * instead of the response.
 */
async function readBody(request: IncomingMessage, limit: number): Promise<{ value?: unknown; error?: ApiResponse }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= limit) chunks.push(chunk);
  }
  if (length > limit)
    return { error: failure(413, 'too-large', `the body is too large: at most ${limit} bytes are allowed`) };
  if (length === 0) return {};
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
  } catch (error) {
    return { error: failure(400, 'bad-json', (error as Error).message) };
  }
}
