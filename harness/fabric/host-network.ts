import { proxyIpsOf } from '../scenario/lookup.ts';
import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import { host } from '../scenario/address.ts';
import type { Plan } from '../terms/plan.ts';
import { isBridgeName } from './bridges.ts';
import { onHostNetwork } from './host-container.ts';
import type { Wire } from './wire.ts';

/** What a lab has to know of the network of the engine's host. */
export interface HostNetwork {
  /** The host's own addresses, with their interfaces. */
  addresses: ReadonlyMap<string, string>;
  /** A port of a Docker network that gives frames back to whoever sent them; null when there is none. */
  hairpinPort: string | null;
}

/** A network of the engine is a switch: without a memory it floods, and with two ports that makes a cable of it. */
const SCRIPT = 'for bridge; do ip link set "$bridge" type bridge ageing_time 0 fdb_flush; done; ip -j -d addr';

/**
 * Takes the memory for MACs from the engine's networks that are a lab's wires, and tells what the host has: both by a
 * container on the host's network, since the engine may be on another machine. Of hairpin ports it can tell when some
 * container is on a Docker network.
 * @throws L4labError `engine-unavailable` when it does not get there
 */
export async function prepareHostNetwork(
  docker: Dockerode,
  image: string,
  wires: Pick<Wire, 'bridge'>[],
): Promise<HostNetwork> {
  const args = wires.map(({ bridge }) => bridge);
  return readHostNetwork(await onHostNetwork(docker, image, { script: SCRIPT, args, admin: args.length > 0 }));
}

/**
 * The host answers ARP for its own addresses even on a bridge where it has none, so no node may have one of them. On
 * hairpin ports, which dockerd makes with `userland-proxy=false`, a switch would get back what it floods.
 * @throws L4labError `address-in-use`, `engine-unavailable`
 */
export function refuseClashes(plan: Plan, host: HostNetwork): void {
  const { hairpinPort } = host;
  if (hairpinPort !== null) {
    throw new EnvironmentError('engine-unavailable', { code: 'hairpin', params: { port: hairpinPort } });
  }
  const clashes = clashesOf(plan, host);
  if (clashes.length === 0) return;
  throw new EnvironmentError('address-in-use', { code: 'addresses-in-use', params: { clashes } });
}

/** Addresses of a plan that the host has itself, and on which interface. */
export function clashesOf(plan: Plan, { addresses }: HostNetwork): { owner: string; address: string; iface: string }[] {
  return addressesOf(plan).flatMap(({ owner, address }) => {
    const iface = addresses.get(address);
    return iface === undefined ? [] : [{ owner, address, iface }];
  });
}

/** Reads `ip -j -d addr` of the host. */
export function readHostNetwork(json: string): HostNetwork {
  const links = JSON.parse(json) as LinkJson[];
  // Link-local addresses and loopbacks are everybody's.
  const addresses = links.flatMap(({ ifname, addr_info: infos = [] }) =>
    infos.filter(({ scope }) => scope === 'global').map(({ local }) => [local, ifname] as const),
  );
  const hairpin = links.find(
    ({ master = '', linkinfo }) =>
      (DOCKER_BRIDGE.test(master) || isBridgeName(master)) && linkinfo?.info_slave_data?.hairpin === true,
  );
  return { addresses: new Map(addresses), hairpinPort: hairpin?.ifname ?? null };
}

function addressesOf({ nodes, services }: Plan): { owner: string; address: string }[] {
  return [
    ...nodes.flatMap(({ name, interfaces, loopback }) =>
      [...interfaces.flatMap(({ addresses }) => addresses), ...loopback].map((cidr) => ({
        owner: name,
        address: host(cidr),
      })),
    ),
    ...services.flatMap((service) =>
      [service.vip, ...proxyIpsOf(service)].map((address) => ({ owner: service.name, address })),
    ),
  ];
}

const DOCKER_BRIDGE = /^(docker0|br-[0-9a-f]{12})$/;

interface LinkJson {
  ifname: string;
  master?: string;
  linkinfo?: { info_slave_data?: { hairpin?: boolean } };
  addr_info?: { local: string; scope: string }[];
}
