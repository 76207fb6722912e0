import * as z from 'zod';
import { lbConfigSchema } from '../config.ts';
import { ROUTES, serverPatch } from './routes.ts';

const SUMMARIES: Record<string, string> = {
  'GET /v1/openapi.json': 'This description.',
  'GET /metrics': 'Metrics in the text format of Prometheus.',
  'GET /v1/rules': 'The nftables rules in force, as text.',
  'GET /v1/config': 'The configuration in force.',
  'PUT /v1/config': 'Puts another configuration in force; established flows go on. The file is not changed.',
  'POST /v1/reload': 'Reads the configuration file again.',
  'GET /v1/services': 'All services with their servers: health, role, flows, packets.',
  'GET /v1/services/{service}': 'One service.',
  'PATCH /v1/services/{service}/servers/{server}':
    'Changes the weight of a server, or lets it drain, with a deadline of its own if need be.',
  'GET /v1/flows':
    'Live flows, page by page: service, server, client (in dsr over IPv6 its last 32 bits, `*:0:100`) and its port.',
};

const BODIES: Record<string, () => unknown> = {
  'PUT /v1/config': () => z.toJSONSchema(lbConfigSchema, { io: 'input' }),
  'PATCH /v1/services/{service}/servers/{server}': () => z.toJSONSchema(serverPatch),
};

const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: { code: { type: 'string' }, message: { type: 'string' } },
      required: ['code', 'message'],
    },
  },
  required: ['error'],
};

/** Description of the API (OpenAPI 3.1), made from the routes themselves. */
export function openApi() {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, query } of ROUTES) {
    const key = `${method} ${path}`;
    const body = BODIES[key];
    const parameters = [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
        name,
        in: 'query',
        required: false,
        schema: z.toJSONSchema(schema, { io: 'input' }),
      })),
    ];
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        summary: SUMMARIES[key],
        ...(parameters.length > 0 ? { parameters } : {}),
        ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: body() } } } } : {}),
        responses: {
          200: { description: 'Done.' },
          default: { description: 'Not done.', content: { 'application/json': { schema: ERROR } } },
        },
      },
    };
  }
  return { openapi: '3.1.0', info: { title: 'l4lab-lb', version: '1' }, paths };
}
