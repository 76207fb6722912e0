import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { routeOf } from '../scenario/route-of.ts';
import type { NodePlan } from '../terms/plan.ts';
import { endDevice, IP_IN_IP, isTunnelName, tunnelMtu, tunnelName, tunnelsIn, versionOf } from '../terms/tunnel.ts';
import { AgentError } from './programs/agent-error.ts';
import { Daemon } from './programs/daemon.ts';
import { ipBatch, ipTolerantBatch } from './programs/program.ts';

/**
 * A device that puts packets into others to `remote`, or takes those out that came to `local`.
 * `carries`: their IP versions; several only where the address is of IPv6, of which the kernel has one device (ip6_tnl_locate).
 */
export type TunnelPlan = { name: string; carries: (4 | 6)[] } & ({ remote: string; mtu: number } | { local: string });

/** Tunnels of a node: those that its load balancer sends into, and those that end at it. */
export function tunnelsOf(node: NodePlan): TunnelPlan[] {
  const { balancer, tunnelEnds = [], interfaces } = node;
  const mtuToward = (address: string): number => {
    const route = routeOf(node, { dst: address });
    const dev = route !== null && 'dev' in route ? route.dev : null;
    return interfaces.find(({ name }) => name === dev)?.mtu ?? DEFAULT_MTU;
  };
  const into = tunnelsIn(balancer?.config ?? { services: [] }).map((tunnel) => ({
    name: tunnelName(tunnel),
    carries: [tunnel.carries],
    remote: tunnel.server,
    mtu: tunnelMtu(tunnel, mtuToward(tunnel.server)),
  }));
  const devices = [...new Set(tunnelEnds.map(endDevice))];
  const ends = devices.flatMap((device) => {
    const here = tunnelEnds.filter((end) => endDevice(end) === device);
    return [...new Set(here.map(({ address }) => address))].map((local, index) => ({
      name: `${device}${index === 0 ? '' : `.${index}`}`,
      carries: here.filter(({ address }) => address === local).map(({ carries }) => carries),
      local,
    }));
  });
  return [...into, ...ends];
}

/**
 * The tunnels of a node. Where the kernel has devices for them, those of a load balancer are its own doing. Where it has none,
 * programs move packets between TUN devices and raw sockets: on the wires they are the same.
 */
export class Tunnels {
  /** Devices by the name of their plan, and what moves packets there. */
  readonly #made = new Map<string, { name: string; mover: Daemon | null }[]>();
  /** Whether the kernel has devices of a type. */
  readonly #types = new Map<string, Promise<boolean>>();
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
    const type = typeOf(plan);
    const known = this.#types.get(type) ?? kernelHas(type);
    this.#types.set(type, known);
    if (await known) {
      if ('remote' in plan) return;
      await ipBatch(endLines(plan, type));
      this.#made.set(plan.name, [{ name: plan.name, mover: null }]);
      return;
    }
    if (!existsSync(TUN)) throw new AgentError({ code: 'tunnels-missing', params: { device: TUN } });
    await Promise.all(plan.carries.map((carries) => this.#makeTun(plan, carries)));
  }

  async #makeTun(plan: TunnelPlan, carries: 4 | 6): Promise<void> {
    const name = plan.carries.length === 1 ? plan.name : `${plan.name}.v${carries}`;
    await ipBatch([
      `tuntap add dev ${name} mode tun`,
      `link set ${name} ${'mtu' in plan ? `mtu ${plan.mtu} ` : ''}addrgenmode none`,
      `link set ${name} up`,
    ]);
    // It ends where a packet cannot be sent, as without a route, which is no more than the loss of that packet.
    const forever = `while :; do ${moverOf(plan, name, carries)}; sleep 0.05; done`;
    const mover = new Daemon(['sh', '-c', forever], this.log);
    this.#made.set(plan.name, [...(this.#made.get(plan.name) ?? []), { name, mover }]);
    await untilMoved(name);
  }

  async #remove(plans: TunnelPlan[]): Promise<void> {
    const devices = plans.flatMap(({ name }) => this.#made.get(name) ?? []);
    await Promise.all(devices.map(async ({ mover }) => mover?.kill()));
    for (const { name } of plans) this.#made.delete(name);
    if (devices.length > 0) await ipTolerantBatch(devices.map(({ name }) => `link del ${name}`));
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

/** Type of the kernel's device, as the load balancer makes it too (lb/host/holdings.ts). */
function typeOf(plan: TunnelPlan): string {
  if (versionOf('local' in plan ? plan.local : plan.remote) === 6) return 'ip6tnl mode any';
  return plan.carries.includes(6) ? 'sit mode ip6ip' : 'ipip';
}

/** Whether the kernel has devices of a type: it is asked for one to an address that nobody has (RFC 1112, 6666). */
async function kernelHas(type: string): Promise<boolean> {
  const nobody = type.startsWith('ip6tnl') ? '100::1' : '240.0.0.1';
  try {
    await ipBatch([`link add ipip-probe type ${type} remote ${nobody}`, 'link del ipip-probe']);
    return true;
  } catch (error) {
    if (/Unknown device type|Operation not supported/.test((error as Error).message)) return false;
    throw error;
  }
}

/** The end of a tunnel as a device of the kernel. */
function endLines({ name, local }: { name: string; local: string }, type: string): string[] {
  return [
    `link add ${name} type ${type} local ${local}`,
    ...(type === 'ipip' ? [] : [`link set ${name} addrgenmode none`]),
    `link set ${name} up`,
    // It gets addresses like ::198.51.100.141 nevertheless (addrconf_sit_config).
    ...(type.startsWith('sit') ? [`addr flush dev ${name}`] : []),
  ];
}

/** IPV6_RECVERR: without it the kernel forgets that a packet of such a socket was too big (rawv6_err). */
const HEARS_ERRORS = ',setsockopt=41:25:i1';

/** A program that moves packets one way between a TUN device and the packets that carry them. */
function moverOf(plan: TunnelPlan, name: string, carries: 4 | 6): string {
  const device = `TUN,tun-name=${name},iff-no-pi`;
  const address = 'local' in plan ? plan.local : plan.remote;
  const version = versionOf(address);
  const number = IP_IN_IP[carries];
  const written = version === 6 ? `[${address}]` : address;
  // Bound to no address: that of an interface which is down may be gone (IPv6).
  return 'local' in plan
    ? `socat -u IP${version}-RECV:${number} ${device}`
    : `socat -u ${device} IP${version}-SENDTO:${written}:${number}${version === 6 ? HEARS_ERRORS : ''}`;
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
