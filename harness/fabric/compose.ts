import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { AloneParams } from '../agent/alone.ts';
import { tunnelsOf } from '../agent/tunnels.ts';
import { L4labError } from '../errors.ts';
import { wordOf } from '../terms/link-word.ts';
import type { KnownNeighbour, NodePlan, Plan } from '../terms/plan.ts';
import { BRIDGE_NAME, bridgeName } from './bridges.ts';
import { topologyOf } from './lab-topology.ts';
import { wireSubnet } from './subnets.ts';
import { WIRE_OPTIONS } from './wire.ts';

export interface ComposeOptions {
  image: string;
  /** Lines for the head of the file. */
  head: string[];
  /** Whom nodes know when they are ready. */
  neighbours: KnownNeighbour[];
  /** Servers that load balancers hold to be up when they are ready, each with the node that asks. */
  up: { l4: string; service: string; server: string }[];
}

/**
 * A lab as a Docker Compose file, to be tried by hand: every node configures itself from its own part of the plan.
 * @throws L4labError `invalid-input` where a node has more to be told than a container can be given
 */
export function composeFile(plan: Plan, { image, head, neighbours, up }: ComposeOptions): string {
  const { ipv6 } = topologyOf(plan);
  const id = createHash('sha256').update(`${plan.scenario} ${plan.variant}`).digest('hex').slice(0, 8);
  // Other scenarios have other subnets, so that their labs may be up at the same time.
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
    const params: AloneParams = {
      plan: node,
      wires: own.map(({ iface, wireAddress }) => ({ name: iface, wireAddress, mac: macs.get(iface)! })),
      pairs: (plan.pairs ?? []).filter(({ members }) => members.some((member) => member.node === node.name)),
      neighbours: neighbours
        .filter((one) => one.node === node.name)
        .map(({ dev, address }): AloneParams['neighbours'][number] => ({ dev, address })),
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

/** Where nodes write settings: /proc/sys itself is read-only in a container of Compose. */
const SYSCTLS = '/run/l4lab-sysctls';

const HEALTH_CHECK = { test: ['CMD', 'test', '-e', '/run/l4lab-ready'], interval: '1s', retries: 120 };

function nodeService(
  node: NodePlan,
  image: string,
  params: AloneParams,
  wires: { name: string; wireAddress: string }[],
): unknown {
  return {
    image,
    hostname: node.name,
    cap_drop: ['ALL'],
    cap_add: ['NET_ADMIN', 'NET_RAW'],
    ...(tunnelsOf(node).length === 0 ? {} : { devices: ['/dev/net/tun'] }),
    // Whoever opens a file of it gets the setting of his own network namespace.
    volumes: [`/proc/sys/net:${SYSCTLS}/net`],
    environment: { L4LAB_SYSCTLS: SYSCTLS, L4LAB_NODE: variable(node.name, JSON.stringify(params)) },
    healthcheck: HEALTH_CHECK,
    networks: Object.fromEntries(wires.map((wire) => [wire.name, { ipv4_address: wire.wireAddress }])),
  };
}

/** Linux gives a program no longer string than this (MAX_ARG_STRLEN, execve(2)), name and end included. */
const LONGEST = 128 * 1024 - 'L4LAB_NODE='.length - 1;

function variable(node: string, text: string): string {
  if (Buffer.byteLength(text) > LONGEST) {
    throw new L4labError(
      'invalid-input',
      `nodes.${node}: its settings take ${Math.ceil(text.length / 1024)} KiB, but an environment variable can hold at most ` +
        '128 KiB: use fewer services, servers or links, or `l4lab up`',
    );
  }
  // Compose puts variables of its own in place of single ones.
  return text.replaceAll('$', '$$$$');
}

/** No node can have this name. */
const CABLES = 'cables_of_host';

/**
 * Whether frames with one source MAC may come from both ends of a wire. A network of Docker is a switch, and drops what
 * it has seen come from where it would have to go; a cable does not.
 */
function needsCables({ nodes }: Plan): boolean {
  // Interfaces of one trunk share a MAC, and have a wire each.
  const macs = nodes.flatMap(({ interfaces }) => [
    ...new Map(interfaces.map(({ name, mac }) => [wordOf(name), mac])).values(),
  ]);
  const keeps = nodes.some(({ balancer }) => balancer?.config.services.some(({ sourceMac }) => sourceMac === 'keep'));
  return keeps || new Set(macs).size < macs.length;
}

/** Takes the memory for MACs from the networks: what has to be done on the engine's host, since they are there. */
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
