import type Dockerode from 'dockerode';
import { KERNEL_FEATURES } from '../../lb/host/kernel-features.ts';
import { containerOptions } from './container-options.ts';
import { runBriefly } from './brief-container.ts';
import type { Engine } from './engine.ts';
import { LAB_LABEL, OWNER_LABEL, ownerLabel } from './labels.ts';

export { isTooOld, OLDEST_KERNEL } from '../../lb/host/oldest-kernel.ts';

/** A kernel feature that labs need and a kernel may lack. */
export interface KernelRequirement {
  code: string;
  /** Completes `the kernel has no …`. */
  name: string;
  neededBy: string;
  /** Kernel build options, or other means, that provide it. */
  options: string;
  /** Shell command that fails without it, run in its own namespace. */
  probe: string;
}

/** All kernel features that labs need: for nodes and for the load balancer's rules. */
export const KERNEL_REQUIREMENTS: readonly KernelRequirement[] = [
  {
    code: 'sysctls',
    name: 'network sysctls that a container may write',
    neededBy: 'every lab',
    options: 'a security module that does not protect /proc/sys/net',
    probe: 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_notify',
  },
  {
    code: 'ipv6',
    name: 'IPv6',
    neededBy: 'labs with IPv6 addresses',
    options: 'CONFIG_IPV6, and no ipv6.disable=1 at its start',
    probe: 'echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6',
  },
  {
    code: 'bridge',
    name: 'bridges',
    neededBy: 'nodes with role l2',
    options: 'CONFIG_BRIDGE',
    probe: 'ip link add br0 type bridge',
  },
  {
    code: 'fdb-flush',
    name: 'flushing a MAC table (Linux 5.19)',
    neededBy: 'nodes with role l2',
    options: 'CONFIG_BRIDGE',
    probe: 'ip link add br1 type bridge && bridge fdb flush dev br1 nopermanent',
  },
  {
    code: 'ct-state',
    name: 'stateful filters of nftables',
    neededBy: 'stateful firewalls on routers',
    options: 'CONFIG_NFT_CT',
    probe: nft('table inet l4lab_probe { chain c { type filter hook forward priority 0; ct state invalid drop; }; }'),
  },
  {
    code: 'dscp-at-ingress',
    name: 'rules at ingress that change packets',
    neededBy: 'servers in mode l3dsr',
    options: 'CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_INGRESS',
    probe: nft(
      'table netdev l4lab_probe { chain c { type filter hook ingress devices = { "lo" } priority 0; ip dscp 11 ip dscp set 0; }; }',
    ),
  },
  {
    code: 'multipath',
    name: 'routes with several next hops',
    neededBy: 'equal routes',
    options: 'CONFIG_IP_ROUTE_MULTIPATH',
    probe:
      'ip link set lo up && ip addr add 198.51.100.1/24 dev lo && ' +
      'ip route add 192.0.2.0/24 nexthop via 198.51.100.2 dev lo nexthop via 198.51.100.3 dev lo',
  },
  {
    code: 'arp-at-egress',
    name: 'rules at egress that drop ARP (Linux 5.16)',
    neededBy: 'pairs without gratuitous ARP',
    options: 'CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_EGRESS',
    probe: nft(
      'table netdev l4lab_probe { chain c { type filter hook egress devices = { "lo" } priority 0; arp saddr ip 192.0.2.1 drop; }; }',
    ),
  },
  {
    code: 'conntrack-events',
    name: 'notifications about tracked connections',
    neededBy: 'pairs with `sync: conntrackd`',
    options: 'CONFIG_NF_CT_NETLINK and CONFIG_NF_CONNTRACK_EVENTS',
    probe: 'conntrack -C && test -e /proc/sys/net/netfilter/nf_conntrack_events',
  },
  ...KERNEL_FEATURES.map(({ code, name, neededBy, options, probe }) => ({
    code,
    name,
    neededBy,
    options,
    probe: nft(probe),
  })),
];

/**
 * Required for trunks with tags; without it, each VLAN of a trunk is a separate wire. The probe creates the same
 * devices as the agents (`harness/agent/trunk.ts`).
 */
export const TRUNK_TAGS: KernelRequirement = {
  code: 'vlan-tags',
  name: '802.1Q tags',
  neededBy: 'trunks whose frames carry tags',
  options: 'CONFIG_VLAN_8021Q and CONFIG_NFT_FWD_NETDEV',
  probe:
    'ip link add tags0 type veth peer name tags1 && ' +
    'ip link add link tags0 name tags0.10 type vlan id 10 loose_binding on && ' +
    nft(
      'table netdev l4lab_probe { chain c { type filter hook ingress device "tags0" priority 0; ' +
        'vlan id 10 meta length > 1504 drop; ether type != 8021q fwd to "tags1"; }; }',
    ),
};

/** Tunnel devices for mode ipip; without them, programs do the same with TUN devices (`harness/agent/tunnels.ts`). */
export const TUNNEL_DEVICES: KernelRequirement = {
  code: 'ipip',
  name: 'IP-in-IP tunnels',
  neededBy: 'tunnels of mode ipip that the kernel makes itself',
  options: 'CONFIG_NET_IPIP, CONFIG_IPV6_TUNNEL and CONFIG_IPV6_SIT',
  probe:
    'ip link add tunnel4 type ipip remote 192.0.2.1 && ip link add tunnel64 type sit mode ip6ip remote 192.0.2.1 && ' +
    'echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link add tunnel6 type ip6tnl mode any remote 2001:db8::1',
};

/** Required by those programs. */
export const TUN_DEVICES: KernelRequirement = {
  code: 'tun',
  name: 'TUN devices',
  neededBy: 'tunnels of mode ipip that programs make',
  options: 'CONFIG_TUN, and /dev/net/tun on the host of the engine',
  probe: 'ip tuntap add dev tun0 mode tun && ip link set tun0 up',
};

function nft(rules: string): string {
  return `nft -c -f - <<'RULES'\n${rules}\nRULES`;
}

const SCRIPT = `while [ $# -gt 0 ]; do
  if answer=$(sh -ec "$2" 2>&1); then echo "$1 yes"; else echo "$1 no $answer" | head -n 1; fi
  shift 2
done
echo "openFiles yes $(ulimit -n)"
echo "processes yes $(cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null | head -n 1)"
echo "diskFree yes $(df -Pk / | awk 'END { print $4 }')"`;

/** What a container finds out about the machine that runs labs. */
export interface ContainerProbe {
  /** Error message for each missing feature, by code. */
  lacks: Record<string, string>;
  /** Limit of open files of a node; null if unlimited. */
  openFiles: number | null;
  /** Limit of processes and threads of a node; null if unlimited. */
  processes: number | null;
  /** Free disk space of the engine's storage, bytes. */
  diskFree: number;
}

/** Probes the machine in a short-lived container with a node's privileges. */
export async function probeContainer(docker: Dockerode, image: string, apparmor: boolean): Promise<ContainerProbe> {
  const where = { docker, image, apparmor };
  const found = parseProbe(await probe([...KERNEL_REQUIREMENTS, TRUNK_TAGS, TUNNEL_DEVICES], where));
  if (!(TUNNEL_DEVICES.code in found.lacks)) return found;
  // Without this device on its host, the engine cannot create a container that uses it.
  const { lacks } = parseProbe(
    await probe([TUN_DEVICES], where).catch((error: unknown) => `${TUN_DEVICES.code} no ${(error as Error).message}`),
  );
  return { ...found, lacks: { ...found.lacks, ...lacks } };
}

const asked = new Map<KernelRequirement, WeakMap<Dockerode, Promise<boolean>>>();

/** Whether an engine's kernel has a feature. Cached. */
export async function kernelHas(
  feature: KernelRequirement,
  { docker, apparmor }: Engine,
  image: string,
): Promise<boolean> {
  const answers = asked.get(feature) ?? new WeakMap<Dockerode, Promise<boolean>>();
  asked.set(feature, answers);
  const isThere = (text: string): boolean => text.split('\n').includes(`${feature.code} yes`);
  const answer = answers.get(docker) ?? probe([feature], { docker, image, apparmor }).then(isThere);
  answers.set(docker, answer);
  try {
    return await answer;
  } catch {
    // If no container can run, the boot reports why.
    answers.delete(docker);
    return false;
  }
}

/** Runs the probes in a container with a node's privileges. This also makes the kernel load modules. */
async function probe(
  features: KernelRequirement[],
  { docker, image, apparmor }: { docker: Dockerode; image: string; apparmor: boolean },
): Promise<string> {
  const labels = { [LAB_LABEL]: 'probe', [OWNER_LABEL]: ownerLabel() };
  const options = containerOptions({ name: 'probe', image, labels, apparmor, tun: features.includes(TUN_DEVICES) });
  const args = features.flatMap(({ code, probe: command }) => [code, command]);
  const { stdout } = await runBriefly(docker, {
    ...options,
    Cmd: ['sh', '-c', SCRIPT, 'sh', ...args],
    HostConfig: { ...options.HostConfig, NetworkMode: 'none' },
  });
  return stdout;
}

/** Parses the container's output: one line per item, with its code, `yes` or `no`, and a value or a reason. */
export function parseProbe(text: string): ContainerProbe {
  const lines = text.split('\n').map((line) => /^(\S+) (yes|no) ?(.*)$/.exec(line));
  const found = new Map(
    lines.flatMap((line) => (line ? [[line[1]!, { is: line[2]!, value: line[3]! }] as const] : [])),
  );
  const limit = (code: string): number | null => {
    const value = Number(found.get(code)?.value || 'unlimited');
    return Number.isNaN(value) ? null : value;
  };
  return {
    lacks: Object.fromEntries([...found].flatMap(([code, { is, value }]) => (is === 'no' ? [[code, value]] : []))),
    openFiles: limit('openFiles'),
    processes: limit('processes'),
    diskFree: (limit('diskFree') ?? 0) * 1024,
  };
}
