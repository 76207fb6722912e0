import { isIP } from 'node:net';
import { z } from 'zod';
import { CAUSES, type CauseCode } from '../model/cause.ts';
import { canonical, host } from './address.ts';
import { mustBe } from './words.ts';

/** Names that Linux, its sysctls, JavaScript or `gateway:` use otherwise; interfaces are named after nodes. */
const RESERVED = /^(lo|br0|all|default|none|constructor|eth\d+)$/;
const ANOTHER_NAME = 'another name, since this one is used for something else';
const nodeName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,11}$/,
    mustBe('a node name: lower-case letters, digits and hyphens, at most 12 (it names interfaces)'),
  )
  .refine((name) => !RESERVED.test(name), mustBe(ANOTHER_NAME));
const serviceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,31}$/,
    mustBe('a service name: lower-case letters, digits and hyphens, at most 32, a letter first'),
  )
  .refine((name) => !RESERVED.test(name), mustBe(ANOTHER_NAME));
/** Addresses are compared as strings, so each has one spelling. */
const address = z
  .string()
  .refine((text) => isIP(text) !== 0, mustBe('an IP address, like 203.0.113.80'))
  .overwrite((text) => (isIP(text) === 0 ? text : canonical(text)));
const cidr = z
  .string()
  .refine(isCidr, mustBe('an address with its prefix length, like 203.0.113.11/24'))
  .overwrite((text) => (isCidr(text) ? `${canonical(host(text))}/${text.split('/')[1]!}` : text));
const mac = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, mustBe('a MAC address, lower case, like 02:00:00:00:00:11'));

const listener = z
  .string()
  .refine(
    (text) => /^\d{1,5}\/(tcp|udp)$/.test(text) && Number.parseInt(text) >= 1 && Number.parseInt(text) <= 65535,
    mustBe('a listener, like 80/tcp'),
  );

function isCidr(text: string): boolean {
  const [host, length, ...rest] = text.split('/') as [string, string?, ...string[]];
  if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  const family = isIP(host);
  return family !== 0 && Number(length) <= (family === 6 ? 128 : 32);
}

const route = z.strictObject({
  to: z
    .string()
    .refine((text) => text === 'default' || isCidr(text), mustBe('`default`, or a network like 198.51.100.0/24')),
  via: address,
});

const mtu = z.int().min(576).max(1500);

/** What can be set on a node: in the lab, for all servers at once (`servers`), or for one node (`nodes`). */
const nodeSettings = z.strictObject({
  gateway: z
    .union([nodeName, address, z.literal('none')], mustBe('a role, a node, an address, or `none`'))
    .optional()
    .describe('Default gateway: a role (`l3`, `l4`), a node, an address, or `none`.'),
  routes: z.array(route).optional().describe('Routes beside the default one.'),
  address: cidr.optional().describe('Replaces the address of a node that has one link.'),
  loopback: z
    .array(z.union([address, z.string()]))
    .optional()
    .describe('Services (their VIPs) or addresses held on `lo`.'),
  listeners: z
    .array(listener)
    .optional()
    .describe('What the node listens on; by default the ports of the services whose pools it is in.'),
  arpIgnore: z.int().min(0).max(8).optional(),
  arpAnnounce: z.int().min(0).max(2).optional(),
  rpFilter: z.int().min(0).max(2).optional(),
  acceptLocal: z.boolean().optional(),
  sendRedirects: z.boolean().optional(),
  acceptRedirects: z.boolean().optional(),
  forwarding: z.boolean().optional().describe('Whether the node forwards IP packets; true for l3 and l4.'),
  firewall: z.enum(['none', 'stateful']).optional(),
  vipOwner: z.boolean().optional().describe('l4 only: whether the L4 holds the VIPs as addresses of its own.'),
  lb: z.enum(['on', 'off']).optional().describe('l4 only: `off` does not start the load balancer.'),
  down: z.array(nodeName).optional().describe('Peers toward which the interface is taken down: a cut link.'),
  mtu: z
    .union([mtu, z.record(nodeName, mtu)], mustBe('a number of bytes from 576 to 1500, or a mapping of peers to such'))
    .optional()
    .describe('MTU of all interfaces, or by peer, bytes; 1500 by default, which is also what the wires carry.'),
});

const role = z.enum(['client', 'l3', 'l2', 'l4', 'server']);

const labNode = z.strictObject({
  role,
  bridge: z
    .union([z.boolean(), cidr], mustBe('true, false, or an address with its prefix length'))
    .optional()
    .describe('Interfaces become ports of one bridge; always so for l2. An address is given to the bridge itself.'),
  ...nodeSettings.shape,
});

const linkEnd = z.union(
  [
    z.null(),
    cidr,
    z.strictObject({
      address: z
        .union([cidr, z.array(cidr)], mustBe('an address with its prefix length, or a list of them'))
        .optional(),
      mac: mac.optional(),
    }),
  ],
  mustBe('an address with its prefix length, `~`, or a mapping of `address` and `mac`'),
);

/** A topology: `labs/NAME.yaml`. */
export const labSchema = z.strictObject({
  title: z.string(),
  description: z.string().default(''),
  nodes: z.record(nodeName, labNode),
  links: z
    .array(z.record(nodeName, linkEnd).refine((link) => Object.keys(link).length === 2, 'must join exactly two nodes'))
    .min(1)
    .describe('Each link maps two nodes to their address on it; `~` for a switch port.'),
});

const check = z.strictObject({
  type: z.enum(['none', 'tcp']),
  intervalMs: z.int().min(50).max(3_600_000).default(500),
  timeoutMs: z.int().min(10).max(60_000).default(300),
  rise: z.int().min(1).max(100).default(1),
  fall: z.int().min(1).max(100).default(1),
});

const service = z.strictObject({
  vip: address,
  port: z.int().min(1).max(65535),
  pool: z.array(nodeName).min(1),
  l4: nodeName.optional().describe('The node that balances it; the only l4 of the lab by default.'),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  mode: z.enum(['dnat', 'proxy', 'dsr']),
  proxyIp: z
    .union([z.literal('auto'), address, z.array(address).min(1)], mustBe('`auto`, an address, or a list of addresses'))
    .optional()
    .describe('proxy only: an address, `auto` (the address of the outgoing interface), or a list (a pool).'),
  sourceMac: z.enum(['rewrite', 'keep']).default('rewrite').describe('dsr only: whose MAC the L4 puts as source.'),
  scheduler: z.enum(['round-robin', 'random', 'source-hash']).default('round-robin'),
  check: check.optional().describe('Health check; none by default, so that a verdict is about packets alone.'),
});

const path = z.strictObject({
  crosses: z.array(nodeName).optional(),
  avoids: z.array(nodeName).optional(),
});

const servedBy = z.union(
  [
    nodeName.transform((one) => ({ one })),
    z.strictObject({ one: nodeName }),
    z.strictObject({ eachOf: z.array(nodeName).min(1) }),
    z.strictObject({ noneBut: z.array(nodeName).min(1) }),
  ],
  mustBe('a node, or one of `one: NODE`, `eachOf: [NODES]`, `noneBut: [NODES]`'),
);

const works = z.strictObject({
  outcome: z.literal('works'),
  servedBy: servedBy.optional(),
  sourceSeen: z
    .string()
    .refine(
      (text) => ['client', 'proxy-ip', 'l4'].includes(text) || isIP(text) !== 0,
      mustBe('client, proxy-ip, l4, or an address'),
    )
    .optional()
    .describe('Source address that the server saw.'),
  request: path.optional(),
  reply: path.optional(),
  findings: z.array(z.enum(['answered-by-itself', 'l4-bypassed'])).optional(),
});

/** Not knowing why is no reason: nobody may expect `unexplained`. */
export const EXPECTABLE_CAUSES = (Object.keys(CAUSES) as CauseCode[]).filter((code) => code !== 'unexplained');

const fails = z.strictObject({
  outcome: z.literal('fails'),
  cause: z.enum(EXPECTABLE_CAUSES),
  at: nodeName.optional().describe('Node where it fails.'),
  request: path.optional(),
  reply: path.optional(),
});

/** An expectation in full. */
export const fullExpectation = z.discriminatedUnion('outcome', [works, fails], {
  error: ({ input }) =>
    input === undefined ? undefined : 'must be `works`, or a mapping with `outcome: works` or `outcome: fails`',
});
/** The same, or `works` alone. */
const expectation = z.preprocess((value) => (value === 'works' ? { outcome: 'works' } : value), fullExpectation);

const flow = z.strictObject({
  title: z.string().optional(),
  from: nodeName,
  to: serviceName.describe('A service or a node.'),
  protocol: z.enum(['http', 'tcp', 'udp', 'icmp']).default('http'),
  port: z.int().min(1).max(65535).optional().describe('Only for a node; a service has its own.'),
  repeat: z.int().min(1).max(1000).default(1),
  bytes: z.int().min(0).max(1_000_000).default(0).describe('Extra payload in each direction, bytes.'),
  exchanges: z.int().min(1).max(100).default(1).describe('Requests on the same connection (tcp), or datagrams (udp).'),
  expect: expectation,
});

const source = z.strictObject({
  document: z.string(),
  passage: z.string().describe('The words of the document.'),
  settles: z.string().describe('What the scenario says to them.'),
});

/** Flows and variants: what a command line and a test's name can carry. */
const wordName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, mustBe('a name of lower-case letters, digits and hyphens'));

/** What a variant may change, and what every scenario consists of. */
const scenarioBody = {
  servers: nodeSettings.default({}).describe('Settings of every server.'),
  nodes: z.record(nodeName, nodeSettings).default({}).describe('Settings of single nodes; they win over `servers`.'),
  services: z.record(serviceName, service).default({}),
  flows: z.record(wordName, flow).refine((flows) => Object.keys(flows).length > 0, 'must not be empty'),
};

const variant = z.strictObject({
  title: z.string().optional(),
  change: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Merge patch (RFC 7396) on servers, nodes, services, flows.'),
  expect: z.record(z.string(), expectation).default({}).describe('Replaces the expectation of flows.'),
});

/** What runs on a lab: `scenarios/TOPIC/NAME.yaml`. */
export const scenarioSchema = z.strictObject({
  title: z.string(),
  description: z.string().default(''),
  lab: z.string().describe('Name of a file in labs/, or a path relative to this file.'),
  sources: z.array(source).default([]),
  ...scenarioBody,
  variants: z.record(wordName, variant).default({}),
});

export type Lab = z.infer<typeof labSchema>;
export type LabNode = Lab['nodes'][string];
export type NodeSettings = z.infer<typeof nodeSettings>;
export type ScenarioFile = z.infer<typeof scenarioSchema>;
