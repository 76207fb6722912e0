import * as z from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and hyphens, at most 32');
const port = z.int().min(1).max(65535);
const address = z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address');

const server = z.strictObject({
  name: name.describe('Name of the server; unique within the service.'),
  address: address.describe('Address that the load balancer sends to (dnat, proxy) or whose MAC it takes (dsr).'),
  port: port.optional().describe('Port on the server; the service’s own when absent. Fixed in dsr.'),
});

const check = z.strictObject({
  type: z.enum(['none', 'tcp']).describe('`none`: the server always counts as up.'),
  intervalMs: z.int().min(50).max(3_600_000).default(2000),
  timeoutMs: z.int().min(10).max(60_000).default(500),
  rise: z.int().min(1).max(100).default(1).describe('Successes in a row that bring a server up.'),
  fall: z.int().min(1).max(100).default(2).describe('Failures in a row that take a server down.'),
});

const service = z.strictObject({
  name,
  vip: address,
  port,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  mode: z.enum(['dnat', 'proxy', 'dsr']),
  proxyIp: z
    .union([z.literal('auto'), address, z.array(address).min(1)])
    .optional()
    .describe(
      'proxy only: source address toward the servers; `auto` takes the address of the outgoing interface; a list is a pool.',
    ),
  sourceMac: z
    .enum(['rewrite', 'keep'])
    .default('rewrite')
    .describe('dsr only: `keep` leaves the source MAC of the frame as it came, as some vendors do.'),
  scheduler: z.enum(['round-robin', 'random', 'source-hash']).default('round-robin'),
  check: check.default({ type: 'none', intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 2 }),
  servers: z.array(server).min(1),
});

/**
 * Configuration of one load balancer, as read from its YAML or JSON file.
 * `vipOwner: true` makes every VIP an address of the host itself (as LVS directors do);
 * false answers ARP for it without owning it.
 */
export const lbConfigSchema = z.strictObject({
  version: z.literal(1),
  vipOwner: z.boolean().default(true),
  services: z.array(service),
});

export type LbConfig = z.infer<typeof lbConfigSchema>;
export type LbService = LbConfig['services'][number];
export type LbServer = LbService['servers'][number];
