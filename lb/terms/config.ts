import * as z from 'zod';
import { isUnicast } from './address.ts';
import { isNetwork } from './network.ts';
import { messageFor, mustBe } from './messages.ts';
import { MODES, SERVICE_MODES, type Mode } from './mode.ts';
import { isPortRange, PORT_RANGE } from './port-range.ts';

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    mustBe('a name of lower-case letters, digits and hyphens, starting with a letter, at most 32 characters'),
  );
const port = z.int().min(1).max(65535);
const address = z
  .union([z.ipv4(), z.ipv6()], mustBe('an IPv4 or IPv6 address'))
  .refine(isUnicast, mustBe('a unicast host address'));

const A_RANGE = 'a range of ports, like `40000-40099`';

const idle = z.int().min(1000).max(86_400_000);

const drainDeadlineMs = z.int().min(0).max(86_400_000).optional();

const server = z.strictObject({
  name: name.describe('Name of the server; unique within the service.'),
  address: address.describe(
    'Address that the load balancer sends to (dnat, proxy), whose MAC it uses (dsr), or that gets packets in a tunnel (ipip; there it may be of another family than the VIP).',
  ),
  port: port.optional().describe('Port on the server. Default: the port of the service; fixed in dsr.'),
  weight: z.int().min(1).max(256).optional().describe('Share of new flows relative to the other servers. Default: 1.'),
  drain: z.boolean().optional().describe('True: no new flows; existing ones may finish.'),
  drainDeadlineMs: drainDeadlineMs.describe(
    'How long existing flows may last while the server drains, before they are cut. Default: the value of the service.',
  ),
});

/** Health check of a service. */
export const checkSchema = z.strictObject({
  type: z.enum(['none', 'tcp', 'http', 'udp', 'icmp']).describe('`none`: the server always counts as up.'),
  target: z
    .enum(['vip', 'server'])
    .optional()
    .describe(
      'dsr and l3dsr: check the VIP on the server (default), or the server’s own address, which also passes if the VIP is missing. In the other modes always its own.',
    ),
  port: port.optional().describe('tcp, http and udp: port to check. Default: the traffic port.'),
  source: address
    .optional()
    .describe(
      'Source of checks: an address of the load balancer’s host, such as a proxy IP. Default: the address of the outgoing interface.',
    ),
  intervalMs: z.int().min(50).max(3_600_000).default(2000).describe('Time from one check to the next, ms.'),
  timeoutMs: z.int().min(10).max(60_000).default(500).describe('Timeout of a check, ms.'),
  rise: z.int().min(1).max(100).default(1).describe('Successes in a row that bring a server up.'),
  fall: z.int().min(1).max(100).default(2).describe('Failures in a row that take a server down.'),
  jitterPercent: z.int().min(0).max(50).optional().describe('The interval varies by up to this much. Default: 0.'),
  path: z.string().startsWith('/').optional().describe('http: path to request. Default: `/`.'),
  status: z.int().min(100).max(599).optional().describe('http: expected status. Default: 200.'),
  body: z.string().min(1).max(1024).optional().describe('http: text that the body must contain.'),
  send: z.string().max(1024).optional().describe('udp: text to send. Default: empty.'),
  expect: z.string().min(1).max(1024).optional().describe('udp: text that the answer must contain.'),
});

const serviceFields = {
  name: name.describe('Name of the service; unique.'),
  vip: address.describe(
    'Virtual IP: the address that clients call; required with `port` and `servers`, except in mode route.',
  ),
  port: port.describe('Port of the service, on the VIP.'),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('Protocol of the service.'),
  mode: z
    .enum(Object.keys(MODES) as [Mode, ...Mode[]], {
      error: ({ input }) => messageFor({ code: 'invalid_value', values: SERVICE_MODES, input }),
    })
    .describe('How packets get to a server: see `docs/explanation/modes.md`.'),
  dscp: z
    .int()
    .min(1)
    .max(63)
    .optional()
    .describe('l3dsr only, required there: DSCP value that identifies the VIP; one value per VIP.'),
  proxyIp: z
    .union([z.literal('auto'), address, z.array(address).min(1)], mustBe('`auto`, an address, or a list of addresses'))
    .optional()
    .describe(
      'proxy only: source address toward the servers; `auto` takes the address of the outgoing interface; a list is a pool.',
    ),
  proxyPorts: z
    .string(mustBe(A_RANGE))
    .regex(PORT_RANGE, mustBe(A_RANGE))
    .refine(isPortRange, mustBe('two ports from 1 to 65535, the lower one first'))
    .optional()
    .describe(
      'proxy only: source ports toward the servers, `40000-40099`. Default: any. A proxy IP can use each port once per server address and port.',
    ),
  sourceMac: z
    .enum(['rewrite', 'keep'])
    .default('rewrite')
    .describe('dsr only: `keep` does not change the source MAC, as some vendors do.'),
  scheduler: z
    .enum(['round-robin', 'random', 'source-hash', 'maglev', 'least-connections'])
    .default('round-robin')
    .describe(
      'All respect weights. `source-hash`: one client address, one server; `maglev`: by address and port; both move few flows when the pool changes.',
    ),
  persistence: z
    .strictObject({
      timeoutMs: z
        .int()
        .min(1000)
        .max(86_400_000)
        .describe('How long a client is remembered after its last new flow, ms.'),
    })
    .optional()
    .describe('New flows of a client address go to the server of its last flow, until the timeout.'),
  drainDeadlineMs: drainDeadlineMs.describe(
    'How long the flows of a draining server may last before they are cut. Default: one hour.',
  ),
  whenNoneUp: z
    .enum(['reject', 'last-resort'])
    .optional()
    .describe('No healthy server: `reject` (default) refuses immediately, `last-resort` uses all of them.'),
  ownCalls: z
    .boolean()
    .optional()
    .describe(
      'dnat and proxy: also balance calls of the load balancer’s own host to the VIP. Default: false; such calls reach its local ports.',
    ),
  mssClamp: z
    .union([z.literal('auto'), z.int().min(536).max(65_495)], mustBe('`auto`, or 536 to 65495 bytes'))
    .optional()
    .describe(
      'tcp only: lower the MSS in SYN and SYN-ACK to this many bytes, so that both ends send smaller segments; `auto`: derived from the MTU of the routes of the load balancer’s host. In dsr, l3dsr and ipip only the SYN passes it, so only servers send smaller segments. Default: unchanged.',
    ),
  check: checkSchema
    .default({ type: 'none', intervalMs: 2000, timeoutMs: 500, rise: 1, fall: 2 })
    .describe('Health check of every server.'),
  servers: z.array(server).min(1).describe('The pool.'),
};

/** One service of a load balancer. */
export const serviceSchema = z.strictObject(serviceFields, noneOfRoute(messageFor));

const NO_SERVERS = 'write `nextHops`';
const NOTHING_CHANGED = 'it does not change packets';
const NOT_CHECKED = 'next hops are not checked';
const NO_FIELD_OF_ROUTE: Record<string, string> = {
  vip: 'write `to`, the destination network',
  port: 'it applies to all ports',
  protocol: 'it applies to all protocols',
  pool: NO_SERVERS,
  servers: NO_SERVERS,
  check: NOT_CHECKED,
  whenNoneUp: NOT_CHECKED,
  drainDeadlineMs: 'next hops do not drain',
  scheduler: 'write `hash`',
  persistence: 'write `hash`',
  ownCalls: 'it applies to forwarded packets',
  like: 'profiles are for services with a VIP',
  proxyIp: NOTHING_CHANGED,
  proxyPorts: NOTHING_CHANGED,
  sourceMac: NOTHING_CHANGED,
  dscp: NOTHING_CHANGED,
  outer: NOTHING_CHANGED,
  mssClamp: NOTHING_CHANGED,
};

/** Fields of mode `route` only. */
const ONLY_OF_ROUTE = ['to', 'nextHops', 'hash'];

type MessageFor = (issue: z.core.$ZodRawIssue) => string;

/** The error option for unknown fields, one line each. @param known a message for fields of other modes */
function unknownFields(messageFor: MessageFor, known: (key: string, input: unknown) => string | undefined) {
  return {
    error: (issue: z.core.$ZodRawIssue): string | undefined =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => known(key, issue.input) ?? messageFor({ ...issue, keys: [key] })).join('\n')
        : undefined,
  };
}

/** The error option for services of mode `route`: what to write instead of a field of the other modes. */
export function instead(messageFor: MessageFor) {
  return unknownFields(messageFor, (key) => {
    const why = NO_FIELD_OF_ROUTE[key];
    return why === undefined ? undefined : `\`${key}\` is not valid in mode route: ${why}`;
  });
}

/** The error option for services of the other modes. */
export function noneOfRoute(messageFor: MessageFor) {
  return unknownFields(messageFor, (key, input) => {
    if (!ONLY_OF_ROUTE.includes(key)) return undefined;
    const mode = (input as { mode?: unknown }).mode as Mode;
    return `\`${key}\` is only valid in mode route${mode in MODES ? `, not in ${mode}` : ''}`;
  });
}

const A_NETWORK = '`any`, or a network like 198.51.100.0/24, with all host bits zero';

/**
 * A service of mode `route`: distributes flows over next hops, such as firewalls, without changing packets. With
 * firewalls between two load balancers, both directions of a flow use the same firewall if one load balancer hashes the
 * source and the other the destination.
 */
export const routeServiceSchema = z.strictObject(
  {
    name,
    mode: z.literal('route').describe('`route` distributes flows over next hops and does not change packets.'),
    to: z
      .string()
      .refine((text) => text === 'any' || isNetwork(text), mustBe(A_NETWORK))
      .describe(
        'route only: destination of forwarded packets, a network or `any`. The longest prefix of all services and routes of the host wins, so `any` does not include its own subnets; a service wins over a route of the same length.',
      ),
    nextHops: z
      .array(address)
      .min(2, { error: 'must have at least 2 entries; for a single next hop use a route of the host' })
      .describe(
        'route only: addresses of routers or firewalls in subnets of the host, at least two. The hash selects by their order.',
      ),
    hash: z
      .enum(['source', 'destination', 'both'])
      .describe(
        'route only: address of a packet that selects the next hop. Symmetric if one load balancer hashes the source and the other the destination, with the same next hops in the same order: both directions of a flow then use the same next hop. `both` is not symmetric.',
      ),
  },
  instead(messageFor),
);

/**
 * Configuration of one load balancer, as read from its YAML or JSON file. With `vipOwner: true` the host owns every VIP
 * (as LVS directors do); with false it answers ARP for VIPs without owning them. With `external` another program, such
 * as keepalived, adds, removes and announces VIPs and proxy IPs; the rules are always present, as with true.
 */
export const lbConfigSchema = z.strictObject({
  version: z.literal(1).describe('Version of this format.'),
  vipOwner: z
    .union([z.boolean(), z.literal('external')], mustBe('`true`, `false` or `external`'))
    .default(true)
    .describe(
      'Who owns the VIPs. `true`: the host, as LVS directors do. `false`: nobody; the host answers ARP for them. `external`: another program, such as keepalived, adds and removes them.',
    ),
  flowTable: z
    .strictObject({
      limit: z
        .int()
        .min(16)
        .max(16_777_216)
        .optional()
        .describe('Flows per protocol and address family. Default: 262,144.'),
      tcpIdleMs: idle.optional().describe('Idle timeout of TCP flows, ms. Default: 15 minutes.'),
      udpIdleMs: idle.optional().describe('Idle timeout of UDP flows, ms. Default: 3 minutes.'),
    })
    .optional()
    .describe(
      'The flow table of dsr. Flows beyond the limit are assigned by hash, so they may move to another server when the pool changes.',
    ),
  countPackets: z
    .boolean()
    .optional()
    .describe(
      'dnat and proxy: whether to count packets and bytes per server. `false` saves a lookup per packet and leaves conntrack marks to other programs. Default: true. In dsr the lookup of the server always counts.',
    ),
  api: z
    .union(
      [
        z.strictObject({ socket: z.string().startsWith('/').max(107).describe('Path of the unix socket.') }),
        z.strictObject({
          port: port.describe('Port of 127.0.0.1.'),
          token: z
            .string()
            .regex(/^[\x21-\x7e]{16,256}$/, mustBe('16 to 256 printable characters'))
            .describe('Secret that every request carries (`Authorization: Bearer`).'),
        }),
      ],
      mustBe('a mapping of `socket` (a path), or of `port` and `token`'),
    )
    .optional()
    .describe(
      'Where the API listens: a unix socket that only its owner may use, or a port of 127.0.0.1 that requires the token. Default: no API.',
    ),
  services: z
    .array(z.discriminatedUnion('mode', [serviceSchema, routeServiceSchema], { unionFallback: true }))
    .describe('The services.'),
});

export type LbFile = z.infer<typeof lbConfigSchema>;
export type LbService = z.infer<typeof serviceSchema>;
export type RouteService = z.infer<typeof routeServiceSchema>;

/** A configuration with services of mode `route` in a separate list; absent if there are none. */
export type LbConfig = Omit<LbFile, 'services'> & { services: LbService[]; routeServices?: RouteService[] };
export type LbServer = LbService['servers'][number];
