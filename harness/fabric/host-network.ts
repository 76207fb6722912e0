import { proxyIpsOf } from '../scenario/lookup.ts';
import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import { host } from '../scenario/address.ts';
import type { Plan } from '../terms/plan.ts';
import { isBridgeName } from './bridges.ts';
import { onHostNetwork } from './host-container.ts';
import type { Wire } from './wire.ts';

/** Facts that a lab needs about the network of the engine's host. */
export interface HostNetwork {
  /** The host's addresses, with their interfaces. */
  addresses: ReadonlyMap<string, string>;
  /** A port of a Docker network in hairpin mode, or null. */
  hairpinPort: string | null;
}

/** A network of the engine is a bridge. Without MAC learning it floods; with two ports it then acts as a cable. */
const SCRIPT = 'for bridge; do ip link set "$bridge" type bridge ageing_time 0 fdb_flush; done; ip -j -d addr';

/**
 * Disables MAC learning on the engine's networks of a lab, and reads the host's network: in a container in the host's
 * network namespace, since the engine may be on another machine. Hairpin ports are visible only while a container is on
 * a Docker network.
 * @throws L4labError `engine-unavailable` if it cannot run
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
 * Rejects plans that conflict with the host. The host answers ARP for its addresses even on bridges without an address,
 * so no node may have one of them. With hairpin ports, which dockerd creates with `userland-proxy=false`, a switch
 * would get its flooded frames back.
 * @throws L4labError `address-in-use`, `engine-unavailable`
 */
export function rejectConflicts(plan: Plan, host: HostNetwork): void {
  const { hairpinPort } = host;
  if (hairpinPort !== null) {
    throw new EnvironmentError('engine-unavailable', { code: 'hairpin', params: { port: hairpinPort } });
  }
  const clashes = addressConflicts(plan, host);
  if (clashes.length === 0) return;
  throw new EnvironmentError('address-in-use', { code: 'addresses-in-use', params: { clashes } });
}

/** Addresses of a plan that the host also has, with their interfaces. */
export function addressConflicts(
  plan: Plan,
  { addresses }: HostNetwork,
): { owner: string; address: string; iface: string }[] {
  return addressesOf(plan).flatMap(({ owner, address }) => {
    const iface = addresses.get(address);
    return iface === undefined ? [] : [{ owner, address, iface }];
  });
}

/** Parses the host's `ip -j -d addr`. */
export function readHostNetwork(json: string): HostNetwork {
  const links = JSON.parse(json) as LinkJson[];
  // Link-local and loopback addresses exist on every node.
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
