import { Agent, request } from 'node:http';

/** A response of the API. */
export interface Reply {
  status: number;
  body: string;
}

/** Keep-alive connections, shared by all requests. */
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Calls the API over a unix socket; a body that is not a string is sent as JSON. */
export function callApi(socketPath: string, method: string, path: string, body?: unknown): Promise<Reply> {
  const text = typeof body === 'string' ? body : body === undefined ? '' : (JSON.stringify(body) ?? '');
  const headers = { 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers, agent }, (response) => {
      let answer = '';
      response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, body: answer }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
