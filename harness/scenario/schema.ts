import type { Role } from '../terms/plan.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import { ROLES } from '../terms/role.ts';
import { DEAD_ENDS } from '../terms/dead-end.ts';
import * as z from 'zod';
import { filterRule } from './filter-schema.ts';
import { flow } from './flow-schema.ts';
import { nat } from './nat-schema.ts';
import { canonical, hostRoute, isAddress, network } from './address.ts';
import {
  address,
  cidr,
  cidrText,
  isCidr,
  listener,
  mac,
  nodeName,
  serviceName,
  stepName,
  title,
  vlanId,
  wordName,
} from './schema-values.ts';
import { service } from './service-schema.ts';
import { expectationAsWritten, pair, step, stream } from './timeline-schema.ts';
import { mustBe } from '../../lb/terms/messages.ts';

/** A network, an address, or the name of a service, which stands for its VIP; as a prefix once read, but for names. */
function prefixOr(words: string[], what: string) {
  const isName = (text: string): boolean => words.includes(text) || serviceName.safeParse(text).success;
  return z
    .string()
    .refine((text) => isCidr(text) || isAddress(text) || isName(text), mustBe(what))
    .refine(
      (text) => !isCidr(text) || network(text) === cidrText(text),
      mustBe('a network address (all host bits zero)'),
    )
    .overwrite((text) => (isCidr(text) ? cidrText(text) : isAddress(text) ? hostRoute(canonical(text)) : text));
}

const route = z.strictObject({
  to: prefixOr(['default'], '`default`, a network like 198.51.100.0/24, an address, or a service').describe(
    'Destination: a network, an address, a service (its VIP), or `default`.',
  ),
  from: prefixOr([], 'a network like 198.51.100.0/24, an address, or a service')
    .optional()
    .describe(
      'Only packets from there take the route: a network, an address, or a service (its VIP). These routes are a table of their own, which is asked before all others (`ip rule from … lookup …`); several such tables in the order in which they are written.',
    ),
  via: z
    .union(
      [nodeName, address, z.array(z.union([nodeName, address])).min(2)],
      mustBe('a role, a node, an address, or a list of them'),
    )
    .optional()
    .describe(
      'Next hop: a role (`l3`, `l4`), a node, or an address; a list spreads flows over several of them by a hash. Beside `from` it may be left out for a subnet of the node itself, whose nodes are neighbours then.',
    ),
  type: z
    .enum(DEAD_ENDS)
    .optional()
    .describe(
      'In place of `via`: the node drops the packets, in silence (`blackhole`), or with ICMP host unreachable (`unreachable`) or prohibited (`prohibit`).',
    ),
});

const A_MTU = `a number of bytes from 576 to ${LARGEST_MTU}; that of one interface is \`interfaces: { PEER: { mtu: … } }\``;
const mtu = z.int(mustBe(A_MTU)).min(576).max(LARGEST_MTU);

/** What can be set of a node, and of one of its interfaces. */
export const interfaceSettings = {
  arpIgnore: z.int().min(0).max(8).optional().describe('Sysctl `arp_ignore`: whom ARP is answered; 0 by default.'),
  arpAnnounce: z
    .int()
    .min(0)
    .max(2)
    .optional()
    .describe('Sysctl `arp_announce`: the source that ARP names; 0 by default.'),
  rpFilter: z.int().min(0).max(2).optional().describe('Sysctl `rp_filter`: 0 off (default), 1 strict, 2 loose.'),
  acceptLocal: z.boolean().optional().describe('Sysctl `accept_local`: packets from own addresses; false by default.'),
  proxyArp: z
    .boolean()
    .optional()
    .describe(
      'Sysctl `proxy_arp`: a router answers ARP for whatever it reaches by another interface; false by default. IPv4 only.',
    ),
  sendRedirects: z.boolean().optional().describe('Sysctl `send_redirects`; false by default.'),
  acceptRedirects: z.boolean().optional().describe('Sysctl `accept_redirects`; false by default.'),
  mtu: mtu.optional().describe(`MTU, bytes; 1500 by default, at most ${LARGEST_MTU}.`),
};

/** What a switch's port does with VLANs (IEEE 802.1Q): access, or trunk. */
const switchPort = z.strictObject({
  vlan: vlanId.optional().describe('Access port: the VLAN of its frames, which carry no tag.'),
  trunk: z.array(vlanId).min(1).optional().describe('Trunk: the VLANs whose tagged frames it carries.'),
  native: vlanId.optional().describe('Of a trunk: the VLAN whose frames carry no tag; without it none do.'),
});

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
    .describe(
      'Services (their VIPs) or addresses held on `lo`; in `servers`, a service is held by the servers of its pool.',
    ),
  undoDscp: z
    .array(serviceName)
    .optional()
    .describe(
      'Services in mode l3dsr whose DSCP value becomes their VIP again, before the node itself sees the packet; in `servers`, at the servers of the pool.',
    ),
  listeners: z
    .array(listener)
    .optional()
    .describe(
      'What the node listens on, `80/tcp`, or at one address alone, `127.0.0.1:80/tcp`; by default the ports of the services whose pools it is in. A mapping of `listen` and `answersFrom` answers from another address than was asked.',
    ),
  ...interfaceSettings,
  interfaces: z
    .record(
      z
        .string()
        .regex(/^[a-z][a-z0-9-]*(\.[0-9]+)?$/, mustBe('a peer, or the interface for a VLAN of a trunk, like sw.10')),
      z.strictObject(interfaceSettings),
    )
    .optional()
    .describe(
      'Settings of single interfaces, by peer; of what is said of a node and of an interface, the last one holds. Linux adds the settings of the node itself (`conf/all`): the larger one holds of `rpFilter`, `arpIgnore` and `arpAnnounce`, and one of both is enough for `acceptLocal`, `proxyArp` and `sendRedirects`.',
    ),
  forwarding: z.boolean().optional().describe('Whether the node forwards IP packets; true for l3 and l4.'),
  firewall: z
    .enum(['none', 'stateful'])
    .optional()
    .describe('`stateful` drops forwarded packets of connections that it did not see begin.'),
  filter: z
    .array(filterRule)
    .optional()
    .describe(
      'Rules for packets that the node forwards or receives itself: the first that matches decides, and what none matches passes. `to` and `port` are those after NAT of the node itself; multicast, neighbour discovery, what a node sends and what it says to itself pass.',
    ),
  nat: nat
    .optional()
    .describe(
      'l3 only: source NAT, as `{ out: PEER, to: masquerade }`; answers are translated back. `none` takes away that of the lab.',
    ),
  idleTimeoutMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .multipleOf(1000, mustBe('a multiple of 1000 (the kernel counts seconds)'))
    .optional()
    .describe(
      'L4, NAT, or a stateful firewall: how long a connection without traffic is remembered, ms; whole seconds.',
    ),
  onIdle: z
    .enum(['silent', 'reset'])
    .optional()
    .describe('What becomes of later packets of a forgotten connection: `silent` drops them (default), `reset`.'),
  macAgeMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .optional()
    .describe('Bridges: how long a MAC that is not heard from is remembered, ms; 300000 by default.'),
  neighbourAgeMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .optional()
    .describe('How long a neighbour is taken to be there without a sign of it, ms; 30000 by default.'),
  neighbours: z
    .record(
      z.string().overwrite((text) => (isAddress(text) ? canonical(text) : text)),
      z.union([mac, nodeName], mustBe('a MAC address like 02:00:00:00:00:11, or a node')),
    )
    .optional()
    .describe(
      'Entries of the neighbour table that are set by hand and stay (`nud permanent`): an address, a node, or a service (its VIP), each with a MAC, or with the node whose MAC it is.',
    ),
  vipOwner: z.boolean().optional().describe('l4 only: whether the L4 holds the VIPs as addresses of its own.'),
  lb: z.enum(['on', 'off']).optional().describe('l4 only: `off` does not start the load balancer.'),
  sysctls: z
    .record(
      z.string().regex(/^net(\.[A-Za-z0-9_-]+)+$/, mustBe('a setting of the network, like net.ipv4.tcp_timestamps')),
      z.union([z.int(), z.string().regex(/^[^\n]+$/)], mustBe('a number, or text as sysctl takes it')),
    )
    .optional()
    .describe(
      'Further kernel settings by name, such as `net.ipv4.tcp_timestamps: 0`. The model knows none of them: one that decides a flow makes prediction and observation differ.',
    ),
  down: z.array(nodeName).optional().describe('Peers toward which the interface is taken down: a cut link.'),
  ports: z
    .record(nodeName, switchPort)
    .optional()
    .describe(
      'l2 only: VLANs of its ports, by peer. A switch that says so of one has VLANs, and its other ports are in VLAN 1.',
    ),
});

const role = z.enum(Object.keys(ROLES) as [Role, ...Role[]]);

const labNode = z.strictObject({
  role: role.describe('What the node is; sets defaults, such as forwarding.'),
  bridge: z
    .union([z.boolean(), cidr], mustBe('true, false, or an address with its prefix length'))
    .optional()
    .describe('Interfaces become ports of one bridge; always so for l2. An address is given to the bridge itself.'),
  ...nodeSettings.shape,
});

const SOME_ADDRESSES = 'an address with its prefix length, or a list of them';
const LINK_END = 'an address with its prefix length, `~`, or a mapping of `address`, `vlans` and `mac`';

const linkEnd = z.union(
  [
    z.null(),
    cidr,
    z.strictObject({
      address: z
        .union([cidr, z.array(cidr)], mustBe(SOME_ADDRESSES))
        .optional()
        .describe('One address with its prefix length, or one for each family.'),
      vlans: z
        .record(z.string(), z.union([cidr, z.array(cidr).min(1)], mustBe(SOME_ADDRESSES)))
        .optional()
        .describe('Link to the trunk of a switch: VLANs of which the node has an interface, with its addresses there.'),
      mac: mac.optional().describe('MAC of the interface; made from the names by default.'),
    }),
  ],
  mustBe(LINK_END),
);

/** A topology: `labs/NAME.yaml`. */
export const labSchema = z.strictObject({
  title: title.describe('One line, shown in lists.'),
  description: z.string().default('').describe('What the topology is about.'),
  nodes: z.record(nodeName, labNode).describe('Nodes by name: one container each.'),
  links: z
    .array(z.record(nodeName, linkEnd).refine((link) => Object.keys(link).length === 2, 'must join exactly two nodes'))
    .min(1)
    .describe('Each link maps two nodes to their address on it; `~` for a switch port.'),
});

const source = z.strictObject({
  document: z.string().describe('Name of the document.'),
  passage: z.string().describe('The words of the document.'),
  settles: z.string().describe('What the scenario says to them.'),
});

/** What a variant may change, and what every scenario consists of. */
const scenarioBody = {
  servers: nodeSettings.default({}).describe('Settings of every server.'),
  nodes: z.record(nodeName, nodeSettings).default({}).describe('Settings of single nodes; they win over `servers`.'),
  services: z.record(serviceName, service).default({}).describe('Services by name: what load balancers offer.'),
  pairs: z.record(wordName, pair).default({}).describe('Load balancers that back each other up, by a name.'),
  flows: z.record(wordName, flow).default({}).describe('Flows by name; each runs in every variant.'),
  streams: z.record(wordName, stream).default({}).describe('Traffic that goes on while steps happen, by name.'),
  steps: z
    .record(stepName, step)
    .default({})
    .describe('What happens while streams go on, by name, in the order in which they are written.'),
  neighbours: z
    .enum(['warm', 'cold'])
    .default('warm')
    .describe(
      'Whether nodes know their neighbours when flows begin: `warm`, as on a network that has been running, or `cold`.',
    ),
};

const variant = z.strictObject({
  title: title.optional().describe('One line for the report; the name by default.'),
  change: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Merge patch (RFC 7396) on servers, nodes, services, pairs, flows, streams, steps, neighbours.'),
  expect: z
    .record(z.string(), expectationAsWritten)
    .default({})
    .describe('Replaces the expectation of flows, or of a stream in a step: `STEP.STREAM`.'),
});

/** What runs on a lab: `scenarios/TOPIC/NAME.yaml`. */
export const scenarioSchema = z.strictObject({
  title: title.describe('One line, shown in lists and in the report.'),
  description: z.string().default('').describe('What the scenario shows.'),
  lab: z.string().describe('Name of a file in labs/, or a path relative to this file.'),
  sources: z.array(source).default([]).describe('Documents whose statements the scenario settles.'),
  ...scenarioBody,
  variants: z
    .record(wordName, variant)
    .default({})
    .describe('Variants by name: the scenario with one thing changed. Without any, the scenario runs as it is.'),
});

export type Lab = z.infer<typeof labSchema>;
export type LabNode = Lab['nodes'][string];
export type NodeSettings = z.infer<typeof nodeSettings>;
/** What a step may change: a part of a scenario by itself. */
export const changeable = z.strictObject({
  servers: scenarioBody.servers,
  nodes: scenarioBody.nodes,
  services: scenarioBody.services,
});

export type ScenarioFile = z.infer<typeof scenarioSchema>;
