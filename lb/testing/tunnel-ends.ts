import type { NetnsLab } from '../netns/netns-lab.ts';
import { OUTER_HEADER, tunnelMtu, tunnelName, versionOf } from '../terms/tunnel.ts';

/** A server, and the addresses that packets in its tunnel are for. */
interface Tunnelled {
  name: string;
  address: string;
  vip: string;
}

/** Whether this kernel has IP-in-IP tunnels. */
export async function kernelHasTunnels(lab: NetnsLab, node: string): Promise<boolean> {
  try {
    await lab.exec(node, 'ip', 'link', 'add', 'probe', 'type', 'ipip', 'remote', '192.0.2.1');
    await lab.exec(node, 'ip', 'link', 'del', 'probe');
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends tunnels at servers. On a kernel without tunnels, a pair of interfaces replaces each: the load
 * balancer finds a device with the tunnel's name, and packets sent to it reach the server as if through a tunnel.
 */
export async function endTunnels(lab: NetnsLab, l4: string, servers: Tunnelled[]): Promise<void> {
  const isReal = await kernelHasTunnels(lab, l4);
  for (const { name, address, vip } of servers) {
    const [outer, carries] = [versionOf(address), versionOf(vip)];
    const end = `end${outer}${isReal && outer === 6 ? '' : carries}`;
    if (isReal) {
      if ((await lab.exec(name, 'ip', '-br', 'link')).includes(`${end}@`)) continue;
      const type = outer === 6 ? 'ip6tnl mode any' : carries === 6 ? 'sit mode ip6ip' : 'ipip';
      await lab.exec(name, 'ip', 'link', 'add', end, 'type', ...type.split(' '), 'local', address);
    } else {
      const tunnel = { server: address, carries };
      const dev = tunnelName(tunnel);
      const pair = ['type', 'veth', 'peer', 'name', end, 'netns', lab.namespace(name)];
      await lab.exec(l4, 'ip', 'link', 'add', dev, 'mtu', String(tunnelMtu(tunnel, 1500)), ...pair);
      const shown = JSON.parse(await lab.exec(name, 'ip', '-j', 'link', 'show', end)) as { address: string }[];
      await lab.exec(l4, 'ip', 'link', 'set', dev, 'up');
      await lab.exec(l4, 'ip', 'neigh', 'add', vip, 'lladdr', shown[0]!.address, 'dev', dev);
    }
    await lab.exec(name, 'ip', 'link', 'set', end, 'up');
  }
}

/** Path MTU that a client learns for a VIP whose server is behind a tunnel over interfaces of 1500 bytes. */
export function learnedMtu(server: string): number {
  return 1500 - OUTER_HEADER[versionOf(server)];
}
