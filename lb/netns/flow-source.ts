import { run } from '../host/run.ts';
import type { NetnsLab } from './netns-lab.ts';

const PORTS = 50_000;
const SOURCES = {
  IPv4: Array.from({ length: 200 }, (_, i) => `198.51.100.${20 + i}`),
  IPv6: Array.from({ length: 200 }, (_, i) => `2001:db8:1::${20 + i}`),
};

/**
 * Sends datagrams (argv: host, port, count) and prints the CPU time used, in microseconds. Between namespaces the
 * kernel delivers a packet before `send` returns, on the sender's CPU time.
 */
const SENDER = `
const [host, port, count] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
socket.connect(Number(port), host, () => {
  let left = Number(count);
  const before = process.cpuUsage();
  const next = () => (left-- > 0 ? socket.send('flow', next) : end());
  const end = () => {
    const { user, system } = process.cpuUsage(before);
    console.log(user + system);
    socket.close();
  };
  next();
});`;

/**
 * Every datagram leaves the client with a new source: ten million flows before one repeats. Ports come from a map,
 * because nft 1.0 would use the upper half of the number that numgen yields.
 */
function clientRules(family: keyof typeof SOURCES): string {
  const ip = { IPv4: 'ip', IPv6: 'ip6' }[family];
  const sources = SOURCES[family].map((address, i) => `${i * PORTS}-${(i + 1) * PORTS - 1} : ${address}`);
  return `table netdev source {
  map ports {
    typeof numgen inc mod ${PORTS} : udp sport
    elements = { ${Array.from({ length: PORTS }, (_, i) => `${i} : ${i + 1024}`).join(', ')} }
  }
  chain out {
    type filter hook egress device "l4" priority filter
    meta l4proto udp udp sport set numgen inc mod ${PORTS} map @ports
    meta l4proto udp ${ip} saddr set numgen inc mod ${PORTS * sources.length} map { ${sources.join(', ')} }
  }
}
`;
}

/** Counts and drops what arrives. */
const SERVER_RULES = `table netdev sink {
  counter arrived { }
  chain in {
    type filter hook ingress device "l4" priority filter
    meta l4proto udp counter name arrived drop
  }
}
`;

/** A client whose every datagram is a new flow, and their sink. */
export class FlowSource {
  readonly #lab: NetnsLab;

  private constructor(lab: NetnsLab) {
    this.#lab = lab;
  }

  /** From node `client` to `server`, both with `l4` as neighbour. */
  static async create(lab: NetnsLab, family: keyof typeof SOURCES = 'IPv4'): Promise<FlowSource> {
    const load = (node: string, rules: string) =>
      run('nft-failed', 'ip', ['netns', 'exec', lab.namespace(node), 'nft', '-f', '-'], rules);
    await Promise.all([load('client', clientRules(family)), load('server', SERVER_RULES)]);
    return new FlowSource(lab);
  }

  /** Sends `count` datagrams; returns how many arrived, and the total CPU time in microseconds. */
  async send(host: string, port: number, count: number): Promise<{ arrived: number; cpuUs: number }> {
    const before = await this.#arrived();
    const cpuUs = await this.#lab.exec('client', process.execPath, '-e', SENDER, host, String(port), String(count));
    return { arrived: (await this.#arrived()) - before, cpuUs: Number(cpuUs) };
  }

  async #arrived(): Promise<number> {
    const text = await this.#lab.exec('server', 'nft', '-j', 'list', 'counters');
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { packets: number } }[] };
    return nftables.find(({ counter }) => counter)!.counter!.packets;
  }
}
