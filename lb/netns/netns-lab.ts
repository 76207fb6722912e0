import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run } from '../host/run.ts';
import { bundle } from './bundle.ts';
import { Endpoint } from './endpoint.ts';

/** One node of a test lab. */
export interface NodeSpec {
  /** CIDR by peer; the interface has the peer's name. Peers without an address have ''. */
  links?: Record<string, string>;
  /** Makes the node a switch: its interfaces are ports of a bridge `br0` with this CIDR, or ''. */
  bridge?: string;
  loopback?: string[];
  gateway?: string;
  routes?: string[];
  /** Below net/, for example `ipv4/ip_forward`. */
  sysctls?: Record<string, string>;
}

const PREFIX = 'l4lab-test';

const FORWARDING_DEADLINE_MS = 30_000;
const FORWARDING_POLL_MS = 20;

/** Sysctls that make a node behave the same on every host. */
const SYSCTLS: Record<string, string> = {
  'ipv4/conf/all/rp_filter': '0',
  'ipv4/conf/default/rp_filter': '0',
  'ipv4/conf/all/send_redirects': '0',
  'ipv4/conf/default/send_redirects': '0',
  'ipv6/conf/all/disable_ipv6': '0',
  'ipv6/conf/default/disable_ipv6': '0',
  'ipv6/conf/all/accept_dad': '0',
  'ipv6/conf/default/accept_dad': '0',
};

export const ROUTER = { 'ipv4/ip_forward': '1', 'ipv6/conf/all/forwarding': '1' };
/** For a server that has a VIP but does not answer ARP for it. */
export const QUIET_ARP = { 'ipv4/conf/all/arp_ignore': '1', 'ipv4/conf/all/arp_announce': '2' };

/** Network namespaces connected by veth pairs, and a directory for their files; needs root. Always close it. */
export class NetnsLab {
  readonly #names: string[];
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #programs = new Map<string, Promise<string>>();
  readonly #id: string;

  private constructor(id: string, names: string[]) {
    this.#id = id;
    this.#names = names;
  }

  static async create(nodes: Record<string, NodeSpec>): Promise<NetnsLab> {
    await sweep();
    const lab = new NetnsLab(`${PREFIX}-${process.pid}-${counter++}`, Object.keys(nodes));
    try {
      await lab.#build(nodes);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  namespace(node: string): string {
    return `${this.#id}-${node}`;
  }

  /** Starts an endpoint in a node; it ends with the lab. */
  async endpoint(node: string): Promise<Endpoint> {
    const endpoint = new Endpoint(await this.program('netns/endpoint-process.ts'), this.namespace(node), node);
    this.onClose(() => endpoint.close());
    return endpoint;
  }

  /** Path of a file that is removed with the lab. */
  file(name: string): string {
    return join(tmpdir(), this.#id, name);
  }

  /** File of a program below `lb/`, bundled once. */
  program(source: string): Promise<string> {
    let program = this.#programs.get(source);
    if (!program) {
      const file = this.file(basename(source).replace('.ts', '.mjs'));
      program = bundle(source, file).then(() => file);
      this.#programs.set(source, program);
    }
    return program;
  }

  exec(node: string, ...command: string[]): Promise<string> {
    return run('ip-failed', 'ip', ['netns', 'exec', this.namespace(node), ...command]);
  }

  onClose(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    try {
      await Promise.all(this.#closers.splice(0).map((closer) => closer()));
    } finally {
      for (const node of this.#names)
        await run('ip-failed', 'ip', ['netns', 'del', this.namespace(node)]).catch(() => '');
      // A bundle in progress would create the directory again.
      await Promise.allSettled(this.#programs.values());
      await rm(this.file(''), { recursive: true, force: true });
    }
  }

  async #build(nodes: Record<string, NodeSpec>): Promise<void> {
    await mkdir(this.file(''), { mode: 0o700 });
    await ipBatch(this.#names.map((node) => `netns add ${this.namespace(node)}`));
    // Before interfaces exist, since they inherit conf/default.
    await Promise.all(Object.entries(nodes).map(([node, { sysctls }]) => this.#setSysctls(node, sysctls)));
    const pairs = Object.entries(nodes).flatMap(([node, { links = {} }]) =>
      Object.keys(links).flatMap((peer) => (node < peer ? [[node, peer] as const] : [])),
    );
    await ipBatch(
      pairs.map(
        ([a, b]) => `link add ${b} netns ${this.namespace(a)} type veth peer name ${a} netns ${this.namespace(b)}`,
      ),
    );
    await Promise.all(Object.entries(nodes).map(([node, spec]) => this.#configure(node, spec)));
    const switches = Object.keys(nodes).filter((node) => nodes[node]!.bridge !== undefined);
    await Promise.all(switches.map((node) => this.#untilForwarding(node)));
  }

  /**
   * A port forwards only after the kernel has reported its carrier to the bridge, up to a second later; earlier frames
   * are lost.
   */
  async #untilForwarding(node: string): Promise<void> {
    const deadline = Date.now() + FORWARDING_DEADLINE_MS;
    for (;;) {
      const ports = JSON.parse(await this.exec(node, 'bridge', '-j', 'link', 'show')) as {
        ifname: string;
        state: string;
      }[];
      const waiting = ports.filter(({ state }) => state !== 'forwarding').map(({ ifname }) => ifname);
      if (waiting.length === 0) return;
      if (Date.now() > deadline) throw new Error(`ports of ${node} do not forward: ${waiting.join(', ')}`);
      await delay(FORWARDING_POLL_MS);
    }
  }

  async #setSysctls(node: string, sysctls: Record<string, string> = {}): Promise<void> {
    const values = Object.entries({ ...SYSCTLS, ...sysctls }).map(
      ([key, value]) => `net.${key.replaceAll('/', '.')}=${value}`,
    );
    await this.exec(node, 'sysctl', '-q', '-w', ...values);
  }

  async #configure(node: string, spec: NodeSpec): Promise<void> {
    const links = Object.entries(spec.links ?? {});
    const batch = ['link set lo up'];
    if (spec.bridge !== undefined) batch.push('link add br0 type bridge forward_delay 0', 'link set br0 up');
    if (spec.bridge) batch.push(`addr add ${spec.bridge} dev br0`);
    for (const [peer, address] of links) {
      if (spec.bridge !== undefined) batch.push(`link set ${peer} master br0`);
      for (const cidr of address.split(' ').filter(Boolean)) batch.push(`addr add ${cidr} dev ${peer}`);
      batch.push(`link set ${peer} up`);
    }
    for (const vip of spec.loopback ?? []) batch.push(`addr add ${vip} dev lo`);
    if (spec.gateway) batch.push(...spec.gateway.split(' ').map((via) => `route add default via ${via}`));
    for (const route of spec.routes ?? []) batch.push(`route add ${route}`);
    await ipBatch(batch, '-n', this.namespace(node));
  }
}

async function ipBatch(commands: string[], ...options: string[]): Promise<void> {
  await run('ip-failed', 'ip', [...options, '-batch', '-'], `${commands.join('\n')}\n`);
}

let counter = 0;

/** Removes processes, namespaces and directories left by test runs that died. */
async function sweep(): Promise<void> {
  const running = new Set(await readdir('/proc'));
  const left = async (place: string) => {
    const names = await readdir(place).catch(() => []);
    return names.filter((name) => name.startsWith(`${PREFIX}-`) && !running.has(name.split('-')[2]!));
  };
  for (const name of await left('/run/netns')) {
    const pids = await run('ip-failed', 'ip', ['netns', 'pids', name]).catch(() => '');
    for (const pid of pids.split('\n').filter(Boolean)) endNow(Number(pid));
    await run('ip-failed', 'ip', ['netns', 'del', name]).catch(() => '');
  }
  for (const name of await left(tmpdir())) await rm(join(tmpdir(), name), { recursive: true, force: true });
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already ended.
  }
}
