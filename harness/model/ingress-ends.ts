import { vipsAtIngress } from '../../lb/mode.ts';
import { transmit } from './bridge.ts';
import { answerTo, errorAbout } from './exchange.ts';
import { unservedDirect } from './load-balancing.ts';
import type { IpFrame, Packet } from './packet.ts';
import { deliver, die } from './run.ts';
import type { Run } from './run.ts';
import type { Host } from './topology.ts';

/**
 * What a load balancer does at ingress with packets to VIPs that it need not own, where no server gets them: it answers echo
 * requests and refuses the rest (lb/render/at-ingress.ts). Both go back to the MAC that the frame came from, whatever the
 * node's routes say. True where that was so.
 */
export function endAtIngress(run: Run, host: Host, iface: string, { srcMac, dstMac, packet }: IpFrame): boolean {
  const { balancer } = host.plan;
  const isMeant = host.plan.interfaces.some(({ mac }) => mac === dstMac);
  if (balancer === null || !isMeant || packet.about !== undefined) return false;
  if (!vipsAtIngress(balancer.config).has(packet.dst)) return false;
  const speaker = host.ports.includes(iface) ? 'br0' : iface;
  const mac = host.plan.interfaces.find(({ name }) => name === speaker)!.mac;
  const reply = packet.protocol === 'icmp' ? echo(run, host, packet) : refusal(run, host, packet);
  transmit(run, host, iface, { srcMac: mac, dstMac: srcMac, packet: reply });
  return true;
}

function echo(run: Run, host: Host, packet: Packet): Packet {
  deliver(run, packet, host.name);
  run.exchange.served ??= { node: host.name, source: packet.src };
  return answerTo(run.exchange, packet, 'reply');
}

function refusal(run: Run, host: Host, packet: Packet): Packet {
  const service = unservedDirect(run, host, packet);
  if (service === null)
    die(run, packet, host.name, 'refused', `${host.name} has no service at ${packet.dst}:${packet.dstPort}`);
  else die(run, packet, host.name, 'no-server-available', `${host.name} finds no server of ${service.name} up`);
  return packet.protocol === 'tcp'
    ? answerTo(run.exchange, packet, 'reset')
    : errorAbout(run.exchange, packet, packet.dst);
}
