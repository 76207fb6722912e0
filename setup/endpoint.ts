import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { SetupError } from './setup-error.ts';

/** Where a Docker engine listens, as environment variables of Docker clients. */
export interface Endpoint {
  DOCKER_HOST: string;
  DOCKER_TLS_VERIFY?: string;
  DOCKER_CERT_PATH?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Engines in the docker command's order: DOCKER_HOST, DOCKER_CONTEXT, the current context, otherwise the well-known
 * sockets of this platform. An explicitly chosen engine is the only candidate.
 * @param home the user's home folder, where `.docker/config.json` may name a context
 */
export function candidateEndpoints(env: Environment = process.env, home: string = homedir()): Endpoint[] {
  if (env.DOCKER_HOST) {
    const { DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = env;
    return [
      {
        DOCKER_HOST: env.DOCKER_HOST,
        ...(DOCKER_TLS_VERIFY
          ? { DOCKER_TLS_VERIFY, DOCKER_CERT_PATH: DOCKER_CERT_PATH ?? join(home, '.docker') }
          : {}),
      },
    ];
  }
  const configFolder = env.DOCKER_CONFIG ?? join(home, '.docker');
  const context = env.DOCKER_CONTEXT ?? currentContext(configFolder);
  if (context && context !== 'default') return [contextEndpoint(configFolder, context)];
  if (process.platform === 'win32') return [{ DOCKER_HOST: 'npipe:////./pipe/docker_engine' }];
  return [
    '/var/run/docker.sock',
    ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : []),
    join(home, '.docker/run/docker.sock'),
  ].map((path) => ({ DOCKER_HOST: `unix://${path}` }));
}

/** The context chosen with `docker context use`, or undefined. */
function currentContext(configFolder: string): string | undefined {
  const file = join(configFolder, 'config.json');
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, 'utf8')) as { currentContext?: string }).currentContext;
}

/** A context is stored under the SHA-256 of its name; its TLS files are in a separate folder. */
function contextEndpoint(configFolder: string, name: string): Endpoint {
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(configFolder, 'contexts/meta', id, 'meta.json');
  if (!existsSync(file)) {
    throw new SetupError(`The docker context "${name}" does not exist. See: docker context ls`);
  }
  const meta = JSON.parse(readFileSync(file, 'utf8')) as { Endpoints?: { docker?: { Host?: string } } };
  const host = meta.Endpoints?.docker?.Host;
  if (!host) throw new SetupError(`The docker context "${name}" has no Docker endpoint (${file}).`);
  const certificates = join(configFolder, 'contexts/tls', id, 'docker');
  return existsSync(certificates)
    ? { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }
    : { DOCKER_HOST: host };
}

/**
 * Options to reach an endpoint for Node's http clients and dockerode. Complete, because dockerode fills missing options
 * from the environment, which may name another engine.
 * @throws SetupError for unsupported endpoints, such as ssh
 */
export function clientOptions(endpoint: Endpoint): ClientOptions {
  const { protocol, hostname, port, pathname } = new URL(endpoint.DOCKER_HOST);
  const none = {
    socketPath: undefined,
    host: undefined,
    port: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (protocol === 'unix:') return { ...none, protocol: 'http', socketPath: pathname };
  if (protocol === 'npipe:') return { ...none, protocol: 'http', socketPath: pathname.replaceAll('/', '\\') };
  if (protocol !== 'tcp:' && protocol !== 'http:' && protocol !== 'https:') {
    throw new SetupError(
      `DOCKER_HOST=${endpoint.DOCKER_HOST} uses a protocol that l4lab does not support.\n` +
        'Add it to `engines` in l4lab.config, or forward its socket and use that:\n' +
        '  ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock user@host &\n' +
        '  export DOCKER_HOST=unix:///tmp/docker.sock',
    );
  }
  const folder = endpoint.DOCKER_TLS_VERIFY ? endpoint.DOCKER_CERT_PATH : undefined;
  if (folder === undefined && protocol !== 'https:') {
    return { ...none, protocol: 'http', host: hostname, port: port || '2375' };
  }
  const pem = (name: string) => (folder === undefined ? undefined : readFileSync(join(folder, `${name}.pem`)));
  return {
    ...none,
    protocol: 'https',
    host: hostname,
    port: port || '2376',
    ca: pem('ca'),
    cert: pem('cert'),
    key: pem('key'),
  };
}

interface ClientOptions {
  protocol: 'http' | 'https';
  socketPath: string | undefined;
  host: string | undefined;
  port: string | undefined;
  ca: Buffer | undefined;
  cert: Buffer | undefined;
  key: Buffer | undefined;
}

/**
 * One GET request to an engine's API, without any package: most calls of the setup ask only whether all is there.
 * @param timeoutMs how long an engine may be silent before it counts as not answering
 * @returns the HTTP status and the body
 * @throws the connection's error where no engine answers
 */
export function engineGet(
  endpoint: Endpoint,
  path: string,
  timeoutMs = 3000,
): Promise<{ status: number; body: string }> {
  const { protocol, ...target } = clientOptions(endpoint);
  const request = protocol === 'https' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const call = request({ ...target, path, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer from ${endpoint.DOCKER_HOST} within ${timeoutMs} ms`)));
    call.on('error', reject);
    call.end();
  });
}

/** Result of contacting an endpoint. `refused`: its socket exists, but this user has no access. */
type Reply = 'answers' | 'silent' | 'refused';

async function ask(endpoint: Endpoint): Promise<Reply> {
  try {
    return (await engineGet(endpoint, '/_ping')).status === 200 ? 'answers' : 'silent';
  } catch (error) {
    if (error instanceof SetupError) throw error;
    return REFUSALS.includes((error as NodeJS.ErrnoException).code ?? '') ? 'refused' : 'silent';
  }
}

const REFUSALS = ['EACCES', 'EPERM'];

/** Whether an engine answers at this endpoint. */
export async function answers(endpoint: Endpoint): Promise<boolean> {
  return (await ask(endpoint)) === 'answers';
}

/**
 * The first candidate where an engine answers, or undefined.
 * @throws SetupError if none does because this user has no access
 */
export async function findEndpoint(candidates: Endpoint[] = candidateEndpoints()): Promise<Endpoint | undefined> {
  const refused: Endpoint[] = [];
  for (const endpoint of candidates) {
    const reply = await ask(endpoint);
    if (reply === 'answers') return endpoint;
    if (reply === 'refused') refused.push(endpoint);
  }
  if (refused[0] !== undefined) throw mayNotUse(refused[0]);
  return undefined;
}

/** Like `findEndpoint`. @throws SetupError if none answers */
export async function requireEndpoint(): Promise<Endpoint> {
  const candidates = candidateEndpoints();
  const found = await findEndpoint(candidates);
  if (found) return found;
  throw new SetupError(
    `No Docker engine answers at ${candidates.map((one) => one.DOCKER_HOST).join(' or ')}.\n` +
      'Start it (npx l4lab setup does that on Debian and Ubuntu), or select another one with DOCKER_HOST or docker context use.',
  );
}

function mayNotUse({ DOCKER_HOST }: Endpoint): SetupError {
  const user = userName();
  return new SetupError(
    `There is a Docker engine at ${DOCKER_HOST}, but user ${user} may not use it (permission denied).\n` +
      'Add this user to the group docker, then log in again (or run: newgrp docker):\n' +
      `  sudo usermod -aG docker ${user}`,
  );
}

/** The user's name, or number if it has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
}
