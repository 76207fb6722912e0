import type Dockerode from 'dockerode';
import { EnvironmentError } from '../errors.ts';
import { LARGEST_MTU } from '../terms/limits.ts';
import { BRIDGE_NAME } from './bridges.ts';
import type { Cable } from './cables.ts';
import { explainRulesError } from './firewall.ts';
import { randomStart, wireSubnet } from './subnets.ts';

/** A Docker network as a clean wire between two nodes. */
export interface Wire {
  cable: Cable;
  network: Dockerode.Network;
  /** Its bridge on the engine's host. */
  bridge: string;
  /** Throwaway address of each end, by node. */
  addresses: Record<string, string>;
}

/** Options that make a network a clean wire: no host address in it, and no translation. */
export const WIRE_OPTIONS = {
  'com.docker.network.bridge.inhibit_ipv4': 'true',
  'com.docker.network.bridge.enable_ip_masquerade': 'false',
  // Since Docker 27; ignored before.
  'com.docker.network.bridge.gateway_mode_ipv4': 'routed',
  'com.docker.network.bridge.gateway_mode_ipv6': 'routed',
  // Only the nodes' own interfaces limit packet sizes.
  'com.docker.network.driver.mtu': String(LARGEST_MTU),
};

const ATTEMPTS = 50;
let next = randomStart();

/**
 * Creates the network: no host address in it, no masquerading, not `internal` (which would drop frames with addresses
 * outside the subnet), with a throwaway subnet that no lab uses. If that fails, its bridge may remain on the host.
 * @throws L4labError `host-firewall`, `engine-unavailable`
 */
export async function createWire(
  docker: Dockerode,
  wire: { name: string; bridge: string; cable: Cable; labels: Record<string, string>; ipv6: boolean },
): Promise<Wire> {
  for (let attempt = 1; ; attempt++) {
    const { subnet, subnet6, gateway, ends } = wireSubnet(next++);
    try {
      const network = await docker.createNetwork({
        Name: wire.name,
        Driver: 'bridge',
        EnableIPv6: wire.ipv6,
        IPAM: {
          Driver: 'default',
          Config: [{ Subnet: subnet, Gateway: gateway }, ...(wire.ipv6 ? [{ Subnet: subnet6 }] : [])],
        },
        Options: {
          [BRIDGE_NAME]: wire.bridge,
          ...WIRE_OPTIONS,
        },
        Labels: wire.labels,
      });
      const { cable, bridge } = wire;
      const [a, b] = cable.links[0]!.ends;
      return { cable, network, bridge, addresses: { [a.node]: ends[0], [b.node]: ends[1] } };
    } catch (error) {
      const { message } = error as Error;
      if (/overlaps with other one/.test(message) && attempt < ATTEMPTS) continue;
      throw (
        explainRulesError(error as Error) ??
        new EnvironmentError(
          'engine-unavailable',
          { code: 'network-failed', params: { error: message } },
          { cause: error },
        )
      );
    }
  }
}
