import * as z from 'zod';
import type { Balancer } from '../balancer/balancer.ts';
import { lbConfigSchema, type LbConfig } from '../terms/config.ts';
import { joinServices } from '../terms/split-services.ts';
import { checkConfig } from '../config/load-config.ts';
import { LbError } from '../terms/errors.ts';
import { formatTable } from '../render/ruleset.ts';
import { readConntrack } from '../host/conntrack.ts';
import { listFlows } from './flow-list.ts';
import { messageFor } from '../terms/messages.ts';
import { readStatus } from './status.ts';
import { formatMetrics } from './metrics.ts';
import { openApi, type DescribedRoute } from './openapi.ts';

/** A response of the API. */
export interface ApiResponse {
  status: number;
  contentType: 'application/json' | 'text/plain';
  body: string;
}

/** The objects that the API operates on. */
export interface ApiContext {
  balancer: Balancer;
  /** Reads the configuration file again. */
  reload: () => Promise<void>;
}

interface Route extends DescribedRoute {
  run: (context: ApiContext, params: string[], body: unknown, query: URLSearchParams) => Promise<ApiResponse>;
}

/** Fields of a server that can be changed at run time. */
const serverPatch = z
  .strictObject({
    weight: z.int().min(1).max(256).optional(),
    drain: z.boolean().optional(),
    drainDeadlineMs: z.int().min(0).max(86_400_000).optional(),
  })
  .describe('Absent fields do not change.');

const flowQuery = z.strictObject({
  service: z.string().optional().describe('Flows of this service only.'),
  server: z.string().optional().describe('Flows of servers of this name only.'),
  offset: z.coerce.number().int().min(0).default(0).describe('Number of flows to skip.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('Number of flows to return.'),
});

export const ROUTES: Route[] = [
  {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This description.',
    run: () => Promise.resolve(json(200, openApi(ROUTES))),
  },
  {
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the text format of Prometheus.',
    run: async ({ balancer }) => {
      const [services, conntrack] = await Promise.all([readStatus(balancer), readConntrack()]);
      return text(formatMetrics(services, { applied: balancer.applied, conntrack }));
    },
  },
  {
    method: 'GET',
    path: '/v1/rules',
    summary: 'The nftables rules in force, as text.',
    run: ({ balancer }) => Promise.resolve(text(balancer.rules.map(formatTable).join('\n'))),
  },
  {
    method: 'GET',
    path: '/v1/config',
    summary: 'The configuration in force, including overrides of servers.',
    run: ({ balancer }) => Promise.resolve(json(200, withoutSecrets(balancer.desired))),
  },
  {
    method: 'PUT',
    path: '/v1/config',
    summary:
      'Applies another configuration; established flows continue. Overrides of servers end; the file is not changed.',
    body: lbConfigSchema,
    run: ({ balancer }, _, body) => replaceConfig(balancer, body),
  },
  {
    method: 'POST',
    path: '/v1/reload',
    summary: 'Reloads the configuration file. Overrides of servers stay unless the file changes the same value.',
    run: async ({ balancer, reload }) => {
      await reload();
      return json(200, withoutSecrets(balancer.desired));
    },
  },
  {
    method: 'GET',
    path: '/v1/services',
    summary:
      'All services with their servers: health, role (`new`: gets new flows; `keep`: only existing flows, while draining; `out`: none), flows, packets. `forgottenPackets`: in dsr, packets of flows that the full flow table could not store.',
    run: async ({ balancer }) => json(200, await readStatus(balancer)),
  },
  {
    method: 'GET',
    path: '/v1/services/{service}',
    summary: 'One service.',
    run: async ({ balancer }, [name]) => {
      const status = (await readStatus(balancer)).find((service) => service.name === name);
      return status ? json(200, status) : notFound(`unknown service ${name}`);
    },
  },
  {
    method: 'GET',
    path: '/v1/services/{service}/servers/{server}',
    summary: 'One server of a service.',
    run: async ({ balancer }, [service, name]) => {
      const status = (await readStatus(balancer)).find((one) => one.name === service);
      const server = status?.servers.find((one) => one.name === name);
      return server ? json(200, server) : notFound(`unknown server ${name} in service ${service}`);
    },
  },
  {
    method: 'PATCH',
    path: '/v1/services/{service}/servers/{server}',
    summary:
      'Changes the weight of a server, or drains it, optionally with its own deadline. The override survives reloads (unless the file changes the same value) and crashes, but not a stop or PUT /v1/config; its end is logged (`override-dropped`).',
    body: serverPatch,
    run: patchServer,
  },
  {
    method: 'GET',
    path: '/v1/flows',
    summary:
      'Live flows, page by page: service, server, client (in dsr over IPv6 its last 32 bits, `*:0:100`) and its port.',
    query: flowQuery,
    run: async ({ balancer }, _params, _body, query) => {
      const asked = flowQuery.safeParse(Object.fromEntries(query), { error: messageFor });
      if (!asked.success) return failure(400, 'bad-request', z.prettifyError(asked.error));
      const { service = null, server = null, ...page } = asked.data;
      return json(200, await listFlows(balancer.config, { service, server }, page));
    },
  },
];

function json(status: number, value: unknown): ApiResponse {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

export function failure(status: number, code: string, message: string): ApiResponse {
  return json(status, { error: { code, message } });
}

export function notFound(message: string): ApiResponse {
  return failure(404, 'not-found', message);
}

function text(body: string): ApiResponse {
  return { status: 200, contentType: 'text/plain', body };
}

async function replaceConfig(balancer: Balancer, body: unknown): Promise<ApiResponse> {
  const { value, problems } = checkConfig(body);
  if (!value)
    return failure(400, 'bad-config', problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  const { api } = balancer.desired;
  await balancer.replace({ ...value, ...(api ? { api } : {}) });
  return json(200, withoutSecrets(balancer.desired));
}

async function patchServer(
  { balancer }: ApiContext,
  [service = '', server = '']: string[],
  body: unknown,
): Promise<ApiResponse> {
  const patch = serverPatch.safeParse(body, { error: messageFor });
  if (!patch.success) return failure(400, 'bad-request', z.prettifyError(patch.error));
  const given = Object.fromEntries(Object.entries(patch.data).filter(([, value]) => value !== undefined));
  const adjusted = await balancer.adjust(service, server, given);
  return adjusted ? json(200, adjusted) : notFound(`unknown server ${server} in service ${service}`);
}

/** The API never returns its token. */
function withoutSecrets(config: LbConfig): object {
  return { ...joinServices(config), api: undefined };
}

/** An error as a response. */
export function failureOf(error: unknown): ApiResponse {
  if (!(error instanceof LbError))
    return failure(500, 'internal', error instanceof Error ? error.message : String(error));
  return failure(error.code === 'bad-config' ? 400 : 500, error.code, error.message);
}
