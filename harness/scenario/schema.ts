import type { Role } from '../terms/plan.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import { isRoute } from '../terms/mode.ts';
import { ROLES } from '../terms/role.ts';
import { DEAD_ENDS } from '../terms/dead-end.ts';
import * as z from 'zod';
import { filterRule } from './filter-schema.ts';
import { flow } from './flow-schema.ts';
import { domainName, name } from './name-schema.ts';
import { nat } from './nat-schema.ts';
import { canonical, hostRoute, isAddress, network } from './address.ts';
import {
  address,
  cidr,
  cidrText,
  isCidr,
  linkName,
  listener,
  mac,
  nodeName,
  serviceName,
  stepName,
  title,
  vlanId,
  wordName,
} from './schema-values.ts';
import { anyService, type RouteService, type Service } from './service-schema.ts';
import { expectationAsWritten, pair, step, stream } from './timeline-schema.ts';
import { mustBe } from '../../lb/terms/messages.ts';

/** A network, an address, or the name of a service (its VIP); read as a prefix, except names. */
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
      'Source routing: the route applies only to packets from this network, address or service (its VIP). Routes with the same source form a separate table (`ip rule from … lookup …`). These tables are looked up before all others, in the order in which they are written.',
    ),
  via: z
    .union(
      [linkName, address, z.array(z.union([linkName, address])).min(2)],
      mustBe('a role, a node, an address, or a list of them'),
    )
    .optional()
    .describe(
      'Next hop: a role (`l3`, `l4`), a node, or an address; `l3-2` is l3 on a second link to it. A list distributes flows by a hash. With `from`, leave it out for a directly connected subnet.',
    ),
  type: z
    .enum(DEAD_ENDS)
    .optional()
    .describe(
      'Instead of `via`: the node drops the packets, silently (`blackhole`), or with ICMP host unreachable (`unreachable`) or prohibited (`prohibit`).',
    ),
});

const A_MTU = `a number of bytes from 576 to ${LARGEST_MTU}; that of one interface is \`interfaces: { PEER: { mtu: … } }\``;
const mtu = z.int(mustBe(A_MTU)).min(576).max(LARGEST_MTU);

/** Settings of a node and of its interfaces. */
export const interfaceSettings = {
  arpIgnore: z
    .int()
    .min(0)
    .max(8)
    .optional()
    .describe('Sysctl `arp_ignore`: which ARP requests are answered. Default: 0.'),
  arpAnnounce: z
    .int()
    .min(0)
    .max(2)
    .optional()
    .describe('Sysctl `arp_announce`: which source address ARP requests use. Default: 0.'),
  rpFilter: z.int().min(0).max(2).optional().describe('Sysctl `rp_filter`: 0 off (default), 1 strict, 2 loose.'),
  acceptLocal: z
    .boolean()
    .optional()
    .describe('Sysctl `accept_local`: accept packets whose source is an own address. Default: false.'),
  proxyArp: z
    .boolean()
    .optional()
    .describe(
      'Sysctl `proxy_arp`: a router answers ARP for every address that it reaches through another interface. Default: false. IPv4 only.',
    ),
  sendRedirects: z
    .boolean()
    .optional()
    .describe(
      'Sysctl `send_redirects`: a router tells a sender of a better next hop on the same link. Default: false.',
    ),
  acceptRedirects: z
    .boolean()
    .optional()
    .describe('Sysctl `accept_redirects`: a node follows the redirects that it gets. Default: false.'),
  mtu: mtu.optional().describe(`MTU in bytes, at most ${LARGEST_MTU}. Default: 1500.`),
};

/** VLANs of a switch's port (IEEE 802.1Q): access or trunk. */
const switchPort = z.strictObject({
  vlan: vlanId.optional().describe('Access port: the VLAN of its untagged frames.'),
  trunk: z.array(vlanId).min(1).optional().describe('Trunk: the VLANs whose tagged frames it carries.'),
  native: vlanId.optional().describe('Trunk: the VLAN of untagged frames; without it untagged frames are dropped.'),
});

/** Settings of a node: in the lab, for all servers (`servers`), or for one node (`nodes`). */
const nodeSettings = z.strictObject({
  gateway: z
    .union([linkName, address, z.literal('none')], mustBe('a role, a node, an address, or `none`'))
    .optional()
    .describe(
      'Default gateway: a role (`l3`, `l4`), a node, an address, or `none`; `l3-2` is l3 on a second link to it.',
    ),
  routes: z.array(route).optional().describe('Routes in addition to the default one.'),
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
      'Services in mode l3dsr whose DSCP value is translated back to the VIP on arrival; in `servers`, on the servers of the pool.',
    ),
  tunnelEnd: z
    .array(serviceName)
    .optional()
    .describe(
      'Services in mode ipip whose packets are decapsulated on arrival, as by a device of `ip link add … type ipip` (`sit` for IPv6 in IPv4, `ip6tnl` for both in IPv6); in `servers`, on the servers of the pool.',
    ),
  listeners: z
    .array(listener)
    .optional()
    .describe(
      'What the node listens on, `80/tcp`, or only at one address, `127.0.0.1:80/tcp`. Default: the ports of the services whose pools it is in. With `answersFrom` or `answersFromPort`, UDP replies come from another address or port.',
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
      'Settings of single interfaces, by peer (`l2-2` for a second link to l2). For a trunk `sw` means all of its VLANs, and `sw.10` one of them, which wins. Later settings win, both of nodes and of interfaces. Linux also applies the settings of the node (`conf/all`): for `rpFilter`, `arpIgnore` and `arpAnnounce` the larger value, for `acceptLocal`, `proxyArp` and `sendRedirects` either value enables it.',
    ),
  forwarding: z.boolean().optional().describe('Whether the node forwards IP packets; true for l3 and l4.'),
  firewall: z
    .enum(['none', 'stateful'])
    .optional()
    .describe('`stateful` drops forwarded packets of connections whose start it did not see.'),
  filter: z
    .array(filterRule)
    .optional()
    .describe(
      'Rules for packets that the node forwards or receives: the first match decides, unmatched packets pass. `to` and `port` are the values after NAT of the node itself. Multicast, neighbour discovery, packets sent by the node itself and loopback traffic are not filtered.',
    ),
  nat: nat
    .optional()
    .describe(
      'l3 only: source NAT, such as `{ out: PEER, to: masquerade }`; replies are translated back. `none` removes the lab’s NAT.',
    ),
  idleTimeoutMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .multipleOf(1000, mustBe('a multiple of 1000 (the kernel counts seconds)'))
    .optional()
    .describe('L4, NAT, or a stateful firewall: idle timeout of connections, ms; whole seconds.'),
  onIdle: z
    .enum(['silent', 'reset'])
    .optional()
    .describe('Action for packets of an expired connection: `silent` drops them (default), `reset` resets it.'),
  macAgeMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .optional()
    .describe('Bridges: ageing time of the MAC table, ms. Default: 300000.'),
  neighbourAgeMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .optional()
    .describe('How long a neighbour entry stays reachable without confirmation, ms. Default: 30000.'),
  neighbours: z
    .record(
      z.string().overwrite((text) => (isAddress(text) ? canonical(text) : text)),
      z.union([mac, nodeName], mustBe('a MAC address like 02:00:00:00:00:11, or a node')),
    )
    .optional()
    .describe(
      'Permanent entries of the neighbour table (`nud permanent`). Keys: an address, a node, or a service (its VIP). Values: a MAC, or the node that has it.',
    ),
  vipOwner: z.boolean().optional().describe('l4 only: whether the L4 holds the VIPs as its own addresses.'),
  lb: z.enum(['on', 'off']).optional().describe('l4 only: `off` does not start the load balancer.'),
  sysctls: z
    .record(
      z.string().regex(/^net(\.[A-Za-z0-9_-]+)+$/, mustBe('a network sysctl, like net.ipv4.tcp_timestamps')),
      z.union([z.int(), z.string().regex(/^[^\n]+$/)], mustBe('a number, or text as sysctl accepts it')),
    )
    .optional()
    .describe(
      'Further kernel settings by name, such as `net.ipv4.tcp_timestamps: 0`. The model ignores all but `net.netfilter.nf_conntrack_tcp_be_liberal`. If another one changes a flow, prediction and observation differ. Only settings that each network namespace has of its own: others, such as `net.core.rmem_max`, are refused.',
    ),
  down: z.array(linkName).optional().describe('Links to take down, by peer; `l2-2` is the second link to l2.'),
  ports: z
    .record(linkName, switchPort)
    .optional()
    .describe(
      'l2 only: VLANs of its ports, by peer. A switch with `ports` is VLAN-aware; unlisted ports are in VLAN 1.',
    ),
});

const role = z.enum(Object.keys(ROLES) as [Role, ...Role[]]);

const labNode = z.strictObject({
  role: role.describe('What the node is; sets defaults, such as forwarding.'),
  bridge: z
    .union([z.boolean(), cidr], mustBe('true, false, or an address with its prefix length'))
    .optional()
    .describe('Join all interfaces in a bridge (always for l2). An address configures the bridge itself.'),
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
        .describe('One address with its prefix length, or one per family.'),
      vlans: z
        .record(z.string(), z.union([cidr, z.array(cidr).min(1)], mustBe(SOME_ADDRESSES)))
        .optional()
        .describe('Link to the trunk of a switch: VLANs in which the node has an interface, with its addresses there.'),
      mac: mac.optional().describe('MAC of the interface. Default: derived from the names.'),
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
    .array(
      z.record(nodeName, linkEnd).refine((link) => Object.keys(link).length === 2, 'must connect exactly two nodes'),
    )
    .min(1)
    .describe(
      'Each link maps two nodes to their address on it; `~` for a switch port. An interface is named after the peer, `l2`; the interface of a second link between the same nodes is `l2-2`.',
    ),
});

const source = z.strictObject({
  document: z.string().describe('Name of the document.'),
  passage: z.string().describe('Quoted text.'),
  settles: z.string().describe('What the scenario shows about it.'),
});

/** The body of a scenario, which variants can change. */
const scenarioBody = {
  servers: nodeSettings.default({}).describe('Settings of every server.'),
  nodes: z.record(nodeName, nodeSettings).default({}).describe('Settings of single nodes; they override `servers`.'),
  services: z.record(serviceName, anyService).default({}).describe('Services by name: what load balancers offer.'),
  names: z
    .record(domainName, name)
    .default({})
    .describe('Names that flows call, as `www.example.test`, with the DNS server that answers for each.'),
  pairs: z.record(wordName, pair).default({}).describe('Redundant load balancers (VRRP), by name.'),
  flows: z.record(wordName, flow).default({}).describe('Flows by name; each runs in every variant.'),
  streams: z.record(wordName, stream).default({}).describe('Traffic that runs during the steps, by name.'),
  steps: z
    .record(stepName, step)
    .default({})
    .describe('What happens while streams run, by name, in the order in which they are written.'),
  neighbours: z
    .enum(['warm', 'cold'])
    .default('warm')
    .describe('Whether nodes know their neighbours when flows begin: `warm`, as on a running network, or `cold`.'),
};

const variant = z.strictObject({
  title: title.optional().describe('One line for the report. Default: the name.'),
  change: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Merge patch (RFC 7396) on servers, nodes, services, names, pairs, flows, streams, steps, neighbours.'),
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
  sources: z.array(source).default([]).describe('Documents whose statements the scenario tests.'),
  ...scenarioBody,
  variants: z
    .record(wordName, variant)
    .default({})
    .describe('Variants by name: the scenario with one thing changed. Without variants, the scenario runs as it is.'),
});

export type Lab = z.infer<typeof labSchema>;
export type LabNode = Lab['nodes'][string];
export type NodeSettings = z.infer<typeof nodeSettings>;

/** Services by name; those of mode `route`, which cannot be called, separate from those with a VIP. */
interface SplitServices {
  services: Record<string, Service>;
  routeServices: Record<string, RouteService>;
}

function splitServices<T extends { services: Record<string, Service | RouteService> }>({
  services,
  ...rest
}: T): Omit<T, 'services'> & SplitServices {
  const of = <S extends Service | RouteService>(isMeant: (service: Service | RouteService) => service is S) =>
    Object.fromEntries(Object.entries(services).filter((entry): entry is [string, S] => isMeant(entry[1])));
  return {
    ...rest,
    services: of((service) => !isRoute(service)),
    routeServices: of(isRoute),
  };
}

/** A scenario after reading. */
export const scenarioAsRead = scenarioSchema.transform(splitServices);

/** The parts of a scenario that a step can change. */
export const changeable = z
  .strictObject({
    servers: scenarioBody.servers,
    nodes: scenarioBody.nodes,
    services: scenarioBody.services,
  })
  .transform(splitServices);

export type ScenarioFile = z.infer<typeof scenarioAsRead>;

export type Flow = ScenarioFile['flows'][string];
