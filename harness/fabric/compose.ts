import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { StandaloneParams } from '../agent/standalone.ts';
import { tunnelsOf } from '../agent/tunnels.ts';
import { L4labError } from '../errors.ts';
import { linkNameOf } from '../terms/link-name.ts';
import type { KnownNeighbour, NodePlan, Plan } from '../terms/plan.ts';
import { BRIDGE_NAME, bridgeName } from './bridges.ts';
import { topologyOf } from './lab-topology.ts';
import { wireSubnet } from './subnets.ts';
import { WIRE_OPTIONS } from './wire.ts';

export interface ComposeOptions {
  image: string;
  /** Comment lines at the top of the file. */
  head: string[];
  /** Neighbours to resolve before nodes are ready. */
  neighbours: KnownNeighbour[];
  /** Servers that load balancers must see as up before they are ready, by L4 node. */
  up: { l4: string; service: string; server: string }[];
}

/**
 * A lab as a Docker Compose file, for trying it by hand: every node configures itself from its part of the plan.
 * @throws L4labError `invalid-input` if a node's configuration exceeds the limit of an environment variable
 */
export function composeFile(plan: Plan, { image, head, neighbours, up }: ComposeOptions): string {
  const { ipv6 } = topologyOf(plan);
  const id = createHash('sha256').update(`${plan.scenario} ${plan.variant}`).digest('hex').slice(0, 8);
  // Derived from the scenario, so that several labs can run at once.
  const firstSubnet = parseInt(id, 16);
  const cables = needsCables(plan);
  const wires = plan.links.map((link, index) => ({
    name: `wire-${index}-${link.ends[0].node}-${link.ends[1].node}`,
    bridge: bridgeName(id, index),
    link,
    ...wireSubnet(firstSubnet + index),
  }));
  const networks = wires.map(({ name, bridge, subnet, subnet6, gateway }) => [
    name,
    {
      driver: 'bridge',
      ...(ipv6 ? { enable_ipv6: true } : {}),
      driver_opts: { ...(cables ? { [BRIDGE_NAME]: bridge } : {}), ...WIRE_OPTIONS },
      ipam: { config: [{ subnet, gateway }, ...(ipv6 ? [{ subnet: subnet6 }] : [])] },
    },
  ]);
  const nodes = plan.nodes.map((node) => {
    const own = wires.flatMap(({ name, link, ends }) => {
      const end = link.ends.findIndex((e) => e.node === node.name);
      return end < 0 ? [] : [{ name, iface: link.ends[end]!.iface, wireAddress: ends[end]! }];
    });
    const macs = new Map(node.interfaces.map((iface) => [iface.name, iface.mac]));
    const params: StandaloneParams = {
      plan: node,
      wires: own.map(({ iface, wireAddress }) => ({ name: iface, wireAddress, mac: macs.get(iface)! })),
      pairs: (plan.pairs ?? []).filter(({ members }) => members.some((member) => member.node === node.name)),
      neighbours: neighbours
        .filter((one) => one.node === node.name)
        .map(({ dev, address }): StandaloneParams['neighbours'][number] => ({ dev, address })),
      up: up.filter(({ l4 }) => l4 === node.name).map(({ service, server }) => ({ service, server })),
    };
    return [node.name, nodeService(node, image, params, own)];
  });
  const services = [
    ...nodes,
    ...(cables
      ? [
          [
            CABLES,
            cableService(
              image,
              wires.map(({ bridge }) => bridge),
            ),
          ],
        ]
      : []),
  ];
  const body = { services: Object.fromEntries(services) as unknown, networks: Object.fromEntries(networks) as unknown };
  return `${head.map((line) => `# ${line}\n`).join('')}${stringify(body, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** Mount for writing settings: /proc/sys is read-only in Compose's containers. */
const SYSCTLS = '/run/l4lab-sysctls';

const HEALTH_CHECK = { test: ['CMD', 'test', '-e', '/run/l4lab-ready'], interval: '1s', retries: 120 };

function nodeService(
  node: NodePlan,
  image: string,
  params: StandaloneParams,
  wires: { name: string; wireAddress: string }[],
): unknown {
  return {
    image,
    hostname: node.name,
    cap_drop: ['ALL'],
    cap_add: ['NET_ADMIN', 'NET_RAW'],
    ...(tunnelsOf(node).length === 0 ? {} : { devices: ['/dev/net/tun'] }),
    // Its files always refer to the network namespace of the process that opens them.
    volumes: [`/proc/sys/net:${SYSCTLS}/net`],
    environment: { L4LAB_SYSCTLS: SYSCTLS, L4LAB_NODE: variable(node.name, JSON.stringify(params)) },
    healthcheck: HEALTH_CHECK,
    networks: Object.fromEntries(wires.map((wire) => [wire.name, { ipv4_address: wire.wireAddress }])),
  };
}

/** Linux's limit for one string (MAX_ARG_STRLEN, execve(2)), minus name and terminator. */
const LONGEST = 128 * 1024 - 'L4LAB_NODE='.length - 1;

function variable(node: string, text: string): string {
  if (Buffer.byteLength(text) > LONGEST) {
    throw new L4labError(
      'invalid-input',
      `nodes.${node}: its settings take ${Math.ceil(text.length / 1024)} KiB, but an environment variable can hold at most ` +
        '128 KiB: use fewer services, servers or links, or `l4lab up`',
    );
  }
  // Compose substitutes variables at single dollar signs.
  return text.replaceAll('$', '$$$$');
}

/** Not a valid node name, so there is no conflict. */
const CABLES = 'cables_of_host';

/**
 * Whether frames with one source MAC may arrive from both ends of a wire. A Docker network is a switch, and drops
 * frames whose destination was learned on the incoming port; a cable does not.
 */
function needsCables({ nodes }: Plan): boolean {
  // Interfaces of one trunk share a MAC, and each has a wire.
  const macs = nodes.flatMap(({ interfaces }) => [
    ...new Map(interfaces.map(({ name, mac }) => [linkNameOf(name), mac])).values(),
  ]);
  const keeps = nodes.some(({ balancer }) => balancer?.config.services.some(({ sourceMac }) => sourceMac === 'keep'));
  return keeps || new Set(macs).size < macs.length;
}

/** Disables MAC learning on the networks, which must be done on the engine's host after they exist. */
function cableService(image: string, bridges: string[]): unknown {
  const forget = bridges.map((bridge) => `ip link set ${bridge} type bridge ageing_time 0 fdb_flush`);
  return {
    image,
    network_mode: 'host',
    cap_drop: ['ALL'],
    cap_add: ['NET_ADMIN'],
    init: true,
    command: ['sh', '-c', [...forget, 'touch /run/l4lab-ready', 'exec sleep infinity'].join(' && ')],
    healthcheck: HEALTH_CHECK,
  };
}
