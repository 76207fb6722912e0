import * as z from 'zod';

/** What the API description says about a route. */
export interface DescribedRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  path: string;
  summary: string;
  /** Query parameters; none if absent. */
  query?: z.ZodObject;
  /** Schema of the request body; none if absent. */
  body?: z.ZodType;
}

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

/** Description of the API (OpenAPI 3.1), generated from its routes. */
export function openApi(routes: DescribedRoute[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, summary, query, body } of routes) {
    const asked: z.core.$ZodShape = query?.shape ?? {};
    const parameters = [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(asked).map(([name, schema]) => ({
        name,
        in: 'query',
        required: false,
        schema: jsonSchema(schema),
      })),
    ];
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        summary,
        ...(parameters.length > 0 ? { parameters } : {}),
        ...(body
          ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body) } } } }
          : {}),
        responses: {
          200: { description: 'Done.' },
          default: { description: 'The request failed.', content: { 'application/json': { schema: ERROR } } },
        },
      },
    };
  }
  return { openapi: '3.1.0', info: { title: 'l4lab-lb', version: '1' }, paths };
}

function jsonSchema(schema: z.core.$ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input' });
}
