import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_MTU } from '../scenario/lookup.ts';
import { routeOf } from '../scenario/route-of.ts';
import type { NodePlan } from '../terms/plan.ts';
import {
  endDevice,
  IP_IN_IP,
  isTunnelName,
  NO_SUCH_TYPE,
  tunnelMtu,
  tunnelName,
  tunnelsIn,
  versionOf,
} from '../terms/tunnel.ts';
import { AgentError } from './programs/agent-error.ts';
import { Daemon } from './programs/daemon.ts';
import { ipBatch, ipTolerantBatch } from './programs/program.ts';

/**
 * A device that encapsulates packets to `remote`, or decapsulates packets that arrive at `local`.
 * `carries`: IP versions of inner packets; both only for an IPv6 address, for which the kernel allows one device
 * (ip6_tnl_locate).
 */
export type TunnelPlan = { name: string; carries: (4 | 6)[] } & ({ remote: string; mtu: number } | { local: string });

/** Tunnels of a node: those of its load balancer, and those that end at the node. */
export function tunnelsOf(node: NodePlan): TunnelPlan[] {
  const { balancer, tunnelEnds = [], interfaces } = node;
  const mtuToward = (address: string): number => {
    const route = routeOf(node, { dst: address });
    const dev = route !== null && 'dev' in route ? route.dev : null;
    return interfaces.find(({ name }) => name === dev)?.mtu ?? DEFAULT_MTU;
  };
  const outgoing = tunnelsIn(balancer?.config ?? { services: [] }).map((tunnel) => ({
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
  return [...outgoing, ...ends];
}

/**
 * The tunnels of a node. If the kernel has tunnel devices, a load balancer creates its own. If not, programs copy packets
 * between TUN devices and raw sockets: on the wire there is no difference.
 */
export class Tunnels {
  /** Devices by name in the plan, with the program that copies packets, if any. */
  readonly #devices = new Map<string, { name: string; copier: Daemon | null }[]>();
  /** Whether the kernel has a type of device, by type. */
  readonly #types = new Map<string, Promise<boolean>>();
  #plans: TunnelPlan[] = [];

  constructor(private readonly log: (line: string) => void) {}

  /** Replaces the tunnels that differ from the plan. @throws AgentError `tunnels-missing` if the kernel has none */
  async change(plans: TunnelPlan[]): Promise<void> {
    const text = (plan: TunnelPlan): string => JSON.stringify(plan);
    const [before, after] = [this.#plans.map(text), plans.map(text)];
    await this.#remove(this.#plans.filter((plan) => !after.includes(text(plan))));
    this.#plans = plans;
    await Promise.all(plans.filter((plan) => !before.includes(text(plan))).map((plan) => this.#create(plan)));
  }

  /** Removes all tunnels. */
  async stop(): Promise<void> {
    await this.change([]);
  }

  async #create(plan: TunnelPlan): Promise<void> {
    const type = typeOf(plan);
    const known = this.#types.get(type) ?? kernelHas(type);
    this.#types.set(type, known);
    if (await known) {
      if ('remote' in plan) return;
      await ipBatch(endLines(plan, type));
      this.#devices.set(plan.name, [{ name: plan.name, copier: null }]);
      return;
    }
    if (!existsSync(TUN)) throw new AgentError({ code: 'tunnels-missing', params: { device: TUN } });
    await Promise.all(plan.carries.map((carries) => this.#createTun(plan, carries)));
  }

  async #createTun(plan: TunnelPlan, carries: 4 | 6): Promise<void> {
    const name = plan.carries.length === 1 ? plan.name : `${plan.name}.v${carries}`;
    await ipBatch([
      `tuntap add dev ${name} mode tun`,
      // First: with an MTU below 1280 a device has no IPv6 settings (RFC 8200, 5; addrconf_notify).
      `link set ${name} addrgenmode none`,
      ...('mtu' in plan ? [`link set ${name} mtu ${plan.mtu}`] : []),
      `link set ${name} up`,
    ]);
    // It exits if a packet cannot be sent, for example without a route; only that packet is lost.
    const loop = `while :; do ${copyCommand(plan, name, carries)}; sleep 0.05; done`;
    const copier = new Daemon(['sh', '-c', loop], this.log);
    this.#devices.set(plan.name, [...(this.#devices.get(plan.name) ?? []), { name, copier }]);
    await untilCarrier(name);
  }

  async #remove(plans: TunnelPlan[]): Promise<void> {
    const devices = plans.flatMap(({ name }) => this.#devices.get(name) ?? []);
    await Promise.all(devices.map(async ({ copier }) => copier?.kill()));
    for (const { name } of plans) this.#devices.delete(name);
    if (devices.length > 0) await ipTolerantBatch(devices.map(({ name }) => `link del ${name}`));
  }
}

/**
 * Lines for `ip -force -batch` that remove the tunnels of a killed load balancer.
 * @param links output of `ip -o link show`
 * @param rules output of `ip rule show`
 */
export function leftoverTunnels(links: string, rules: string): string[] {
  const devices = links.split('\n').map((line) => line.split(': ')[1]?.split('@')[0] ?? '');
  const marks = [...rules.matchAll(/^0:.* fwmark (\S+) lookup (\d+)/gmu)];
  return [
    ...devices.filter(isTunnelName).map((name) => `link del ${name}`),
    ...marks.map(([, mark, table]) => `rule del pref 0 fwmark ${mark} lookup ${table}`),
  ];
}

const TUN = '/dev/net/tun';

/** Type of kernel device; the load balancer uses the same ones (lb/host/holdings.ts). */
function typeOf(plan: TunnelPlan): string {
  if (versionOf('local' in plan ? plan.local : plan.remote) === 6) return 'ip6tnl mode any';
  return plan.carries.includes(6) ? 'sit mode ip6ip' : 'ipip';
}

/** Whether the kernel has a type of device: tries to create one to an unused address (RFC 1112, 6666). */
async function kernelHas(type: string): Promise<boolean> {
  const unused = type.startsWith('ip6tnl') ? '100::1' : '240.0.0.1';
  try {
    await ipBatch([`link add ipip-probe type ${type} remote ${unused}`, 'link del ipip-probe']);
    return true;
  } catch (error) {
    if (NO_SUCH_TYPE.test((error as Error).message)) return false;
    throw error;
  }
}

/** Lines that create the end of a tunnel as a kernel device. */
function endLines({ name, local }: { name: string; local: string }, type: string): string[] {
  return [
    `link add ${name} type ${type} local ${local}`,
    ...(type === 'ipip' ? [] : [`link set ${name} addrgenmode none`]),
    `link set ${name} up`,
    // The kernel assigns addresses like ::198.51.100.141 anyway (addrconf_sit_config).
    ...(type.startsWith('sit') ? [`addr flush dev ${name}`] : []),
  ];
}

/** IPV6_RECVERR: without it the kernel ignores errors that a packet of a raw socket was too big (rawv6_err). */
const RECEIVE_ERRORS = ',setsockopt=41:25:i1';

/** A program that copies packets between a TUN device and a raw socket, in one direction. */
function copyCommand(plan: TunnelPlan, name: string, carries: 4 | 6): string {
  const device = `TUN,tun-name=${name},iff-no-pi`;
  const address = 'local' in plan ? plan.local : plan.remote;
  const version = versionOf(address);
  const number = IP_IN_IP[carries];
  const literal = version === 6 ? `[${address}]` : address;
  // Not bound to an address: an IPv6 address may disappear while its interface is down.
  return 'local' in plan
    ? `socat -u IP${version}-RECV:${number} ${device}`
    : `socat -u ${device} IP${version}-SENDTO:${literal}:${number}${version === 6 ? RECEIVE_ERRORS : ''}`;
}

const CARRIER_DEADLINE_MS = 10_000;
const CARRIER_POLL_MS = 5;

/** Waits for the carrier: a TUN device has one while a program has it open. */
async function untilCarrier(name: string): Promise<void> {
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
