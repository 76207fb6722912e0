import * as z from 'zod';
import { checkSchema, instead, noneOfRoute, routeServiceSchema, serviceSchema } from '../../lb/terms/config.ts';
import { PROFILE_NAMES } from '../terms/profile-name.ts';
import { MODES, SERVICE_MODES, type Mode } from '../../lb/terms/mode.ts';
import { canonicalNetwork } from '../../lb/terms/network.ts';
import { messageFor } from './messages.ts';
import { isV6 } from './address.ts';
import { address, nodeName } from './schema-values.ts';
import { mustBe } from '../../lb/terms/messages.ts';

/** A server of a pool: its node, and the load balancer's fields. */
const poolServer = z.union(
  [
    nodeName.transform((node): { node: string; port?: number } => ({ node })),
    z.strictObject({
      node: nodeName.describe('A server of the lab.'),
      ...serviceSchema.shape.servers.element.pick({ port: true, weight: true, drain: true }).shape,
    }),
  ],
  mustBe('a server, or a mapping of `node`, `port`, `weight` and `drain`'),
);

const l4 = z
  .union([nodeName, z.array(nodeName).min(1)], mustBe('an l4 node, or a list of them'))
  .optional()
  .describe('Its L4 node, or several with the same VIP and pool. Default: the only l4 of the lab.');

const ofVip = serviceSchema.omit({ name: true, servers: true, drainDeadlineMs: true }).extend({
  like: z
    .enum(PROFILE_NAMES)
    .optional()
    .describe(
      'Profile of a product: configures the service, its servers and its L4 as the product behaves according to its documents. Your own settings override it. See `docs/profiles.md`.',
    ),
  vip: address.describe('Virtual IP that clients call. Required with `port` and `pool`, except in mode route.'),
  pool: z
    .array(poolServer)
    .min(1)
    .describe(
      'Servers: nodes, or mappings of `node`, `port`, `weight` and `drain`. In dnat and proxy also l4 nodes: one that picks itself sees the caller, also in proxy. `servers:` does not apply to them.',
    ),
  l4,
  mode: z
    .enum(Object.keys(MODES) as [Mode, ...Mode[]], {
      error: ({ input }) => messageFor({ code: 'invalid_value', values: SERVICE_MODES, input }),
    })
    .describe(`${serviceSchema.shape.mode.description!} Required without \`like\`, which sets it.`),
  outer: z
    .enum(['ipv4', 'ipv6'])
    .optional()
    .describe(
      'ipip only: address family of the outer header, and so of the servers’ addresses. Servers still reply in the family of the VIP, and need a route to clients in that family. Default: the family of the VIP.',
    ),
  proxyIp: z
    .union([z.literal('auto'), address, z.array(address).min(1)], mustBe('`auto`, an address, or a list of addresses'))
    .optional()
    .describe('proxy only: an address, `auto` (the address of the outgoing interface), or a list (a pool).'),
  ownCalls: serviceSchema.shape.ownCalls.describe(
    'dnat and proxy: also balance calls of the L4 itself to the VIP, like kube-proxy. Default: false; such calls reach its local ports.',
  ),
  check: checkSchema
    .extend({
      intervalMs: checkSchema.shape.intervalMs
        .unwrap()
        .default(1000)
        .describe(checkSchema.shape.intervalMs.description!),
      timeoutMs: checkSchema.shape.timeoutMs.unwrap().default(1000).describe(checkSchema.shape.timeoutMs.description!),
      source: address.optional().describe(checkSchema.shape.source.description!),
      fall: checkSchema.shape.fall.unwrap().default(1).describe(checkSchema.shape.fall.description!),
    })
    .optional()
    .describe('Health check. Default: none.'),
});

/**
 * A service of the load balancer, with nodes as servers. Labs are short-lived, so checks are quick, and servers never
 * have flows before they drain.
 */
export const service = z.strictObject(ofVip.shape, noneOfRoute(messageFor));

const { to, ...ofRoute } = routeServiceSchema.omit({ name: true }).shape;

/** A service that distributes flows over next hops, which are nodes. */
const routeService = z.strictObject(
  {
    ...ofRoute,
    to: to.overwrite((text) => (text === 'any' ? text : canonicalNetwork(text))).describe(to.description!),
    nextHops: z
      .array(nodeName)
      .min(2, { error: 'must have at least 2 entries; for a single next hop use `routes:` of the L4' })
      .describe(
        'route only: next hops, at least two neighbours of the L4, such as firewalls. The hash selects by their order.',
      ),
    l4,
  },
  instead(messageFor),
);

/** A service of any mode. */
export const anyService = z.discriminatedUnion('mode', [service, routeService], { unionFallback: true });

export type Service = z.infer<typeof service>;

/** Whether an L4 reaches the servers of a service by IPv6: in tunnels, whatever the family of the VIP. */
export function reachesByV6({ vip, outer }: Pick<Service, 'vip' | 'outer'>): boolean {
  return outer === undefined ? isV6(vip) : outer === 'ipv6';
}
export type RouteService = z.infer<typeof routeService>;
