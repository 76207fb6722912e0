import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { routeOf } from '../scenario/route-of.ts';
import type { NodePlan } from '../terms/plan.ts';
import { IP_IN_IP, isTunnelName, TUNNEL_END, tunnelMtu, tunnelName, tunnelServers } from '../terms/tunnel.ts';
import { AgentError } from './programs/agent-error.ts';
import { Daemon } from './programs/daemon.ts';
import { ipBatch, ipTolerantBatch } from './programs/program.ts';

/** A device that puts packets into others to `remote`, or takes those out that came to `local`. */
export type TunnelPlan = { name: string } & ({ remote: string; mtu: number } | { local: string });

/** Tunnels of a node: those that its load balancer sends into, and those that end at it. */
export function tunnelsOf(node: NodePlan): TunnelPlan[] {
  const { balancer, tunnelEnds = [], interfaces } = node;
  const mtuToward = (address: string): number => {
    const route = routeOf(node, { dst: address });
    const dev = route !== null && 'dev' in route ? route.dev : null;
    return interfaces.find(({ name }) => name === dev)?.mtu ?? DEFAULT_MTU;
  };
  const into = tunnelServers(balancer?.config ?? { services: [] }).map((remote) => ({
    name: tunnelName(remote),
    remote,
    mtu: tunnelMtu(remote, mtuToward(remote)),
  }));
  const ends = ([4, 6] as const).flatMap((version) =>
    tunnelEnds
      .filter((local) => versionOf(local) === version)
      .map((local, index) => ({ name: `${TUNNEL_END[version]}${index === 0 ? '' : `.${index}`}`, local })),
  );
  return [...into, ...ends];
}

/**
 * The tunnels of a node. Where the kernel has devices for them, those of a load balancer are its own doing. Where it has none,
 * programs move packets between TUN devices and raw sockets: on the wires they are the same.
 */
export class Tunnels {
  readonly #made = new Map<string, Daemon | null>();
  #plans: TunnelPlan[] = [];

  constructor(private readonly log: (line: string) => void) {}

  /** Goes to other tunnels, touching only what differs. @throws AgentError `tunnels-missing` where there can be none */
  async change(plans: TunnelPlan[]): Promise<void> {
    const text = (plan: TunnelPlan): string => JSON.stringify(plan);
    const [before, after] = [this.#plans.map(text), plans.map(text)];
    await this.#remove(this.#plans.filter((plan) => !after.includes(text(plan))));
    this.#plans = plans;
    await Promise.all(plans.filter((plan) => !before.includes(text(plan))).map((plan) => this.#make(plan)));
  }

  /** Removes all of them, at once. */
  async stop(): Promise<void> {
    await this.change([]);
  }

  async #make(plan: TunnelPlan): Promise<void> {
    const { name } = plan;
    if (await kernelMakes(plan)) {
      if ('local' in plan) this.#made.set(name, null);
      return;
    }
    if (!existsSync(TUN)) throw new AgentError({ code: 'tunnels-missing', params: { device: TUN } });
    await ipBatch([
      `tuntap add dev ${name} mode tun`,
      `link set ${name} ${'mtu' in plan ? `mtu ${plan.mtu} ` : ''}addrgenmode none`,
      `link set ${name} up`,
    ]);
    // It ends where a packet cannot be sent, as without a route, which is no more than the loss of that packet.
    const forever = `while :; do ${mover(plan)}; sleep 0.05; done`;
    this.#made.set(name, new Daemon(['sh', '-c', forever], this.log));
    await untilMoved(name);
  }

  async #remove(plans: TunnelPlan[]): Promise<void> {
    const names = plans.map(({ name }) => name).filter((name) => this.#made.has(name));
    await Promise.all(names.map(async (name) => this.#made.get(name)?.kill()));
    for (const name of names) this.#made.delete(name);
    if (names.length > 0) await ipTolerantBatch(names.map((name) => `link del ${name}`));
  }
}

/**
 * Lines for `ip -force -batch` that remove what a load balancer that was killed has left.
 * @param links output of `ip -o link show`
 * @param rules output of `ip rule show`
 */
export function leftTunnels(links: string, rules: string): string[] {
  const devices = links.split('\n').map((line) => line.split(': ')[1]?.split('@')[0] ?? '');
  const marks = [...rules.matchAll(/^0:.* fwmark (\S+) lookup (\d+)/gmu)];
  return [
    ...devices.filter(isTunnelName).map((name) => `link del ${name}`),
    ...marks.map(([, mark, table]) => `rule del pref 0 fwmark ${mark} lookup ${table}`),
  ];
}

const TUN = '/dev/net/tun';

function versionOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Whether the kernel has such devices. That of an end is made then, that of a load balancer was only tried. */
async function kernelMakes(plan: TunnelPlan): Promise<boolean> {
  const { name } = plan;
  const version = versionOf('local' in plan ? plan.local : plan.remote);
  const type = version === 6 ? 'ip6tnl mode ip6ip6' : 'ipip';
  try {
    if ('remote' in plan) {
      await ipBatch([`link add ${name} type ${type} remote ${plan.remote}`, `link del ${name}`]);
      return true;
    }
    await ipBatch([`link add ${name} type ${type} local ${plan.local}`]);
  } catch (error) {
    if (/Unknown device type|Operation not supported/.test((error as Error).message)) return false;
    throw error;
  }
  await ipBatch([...(version === 6 ? [`link set ${name} addrgenmode none`] : []), `link set ${name} up`]);
  return true;
}

/** A program that moves packets one way between a TUN device and other packets of protocol 4 or 41. */
function mover(plan: TunnelPlan): string {
  const device = `TUN,tun-name=${plan.name},iff-no-pi`;
  const address = 'local' in plan ? plan.local : plan.remote;
  const version = versionOf(address);
  const number = IP_IN_IP[version];
  const written = version === 6 ? `[${address}]` : address;
  // Bound to no address: that of an interface which is down may be gone (IPv6).
  return 'local' in plan
    ? `socat -u IP${version}-RECV:${number} ${device}`
    : `socat -u ${device} IP${version}-SENDTO:${written}:${number}`;
}

const CARRIER_DEADLINE_MS = 10_000;
const CARRIER_POLL_MS = 5;

/** A TUN device has a carrier once a program has it open. */
async function untilMoved(name: string): Promise<void> {
  const deadline = Date.now() + CARRIER_DEADLINE_MS;
  while (readFileSync(`/sys/class/net/${name}/carrier`, 'utf8').trim() !== '1') {
    if (Date.now() > deadline)
      throw new AgentError({
        code: 'program-late',
        params: {
          command: 'socat',
          awaited: `the carrier of ${name}`,
          seconds: CARRIER_DEADLINE_MS / 1000,
          output: '',
        },
      });
    await delay(CARRIER_POLL_MS);
  }
}
