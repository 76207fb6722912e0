import { cause } from '../../terms/cause.ts';
import { transmit } from './bridge.ts';
import { macForAnswer, noteAnnouncement, noteAnswer, noteRequester, outdated } from './neighbours.ts';
import { covers } from '../../scenario/prefix.ts';
import { BROADCAST } from './packet.ts';
import type { Arp, ArpFrame } from './packet.ts';
import { answersForOthers } from './proxy-arp.ts';
import { validateSource } from './routing.ts';
import type { Run } from './run.ts';
import type { Device, Host } from './network.ts';

/** arp_process of net/ipv4/arp.c: answers requests, and learns from requests and replies. */
export function receiveArp(run: Run, host: Host, device: Device, { arp }: ArpFrame): void {
  if (arp.senderIp === arp.targetIp) {
    noteAnnouncement(run, host, { device, address: arp.senderIp }, arp.senderMac);
    return;
  }
  if (arp.op === 'reply') {
    noteAnswer(run, host, { device, address: arp.senderIp }, { mac: arp.senderMac, overrides: arp.isOwn === true });
    return;
  }
  if (!answers(run, host, device, arp)) return;
  const asker = { device, address: arp.senderIp };
  noteRequester(run, host, asker, arp.senderMac);
  const dstMac = macForAnswer(host, asker, arp.senderMac);
  const astray = dstMac === arp.senderMac ? null : outdated(run, host, { mac: dstMac, address: arp.senderIp });
  if (astray !== null) run.unanswered.set(arp.targetIp, () => astray);
  transmit(run, host, device.name, {
    srcMac: device.mac,
    dstMac,
    arp: {
      op: 'reply',
      isOwn: host.owned.has(arp.targetIp),
      senderMac: device.mac,
      senderIp: arp.targetIp,
      targetIp: arp.senderIp,
    },
  });
}

/** Gratuitous ARP (RFC 5227, 3), or an unsolicited neighbour advertisement: announces an address to all neighbours. */
export function announce(run: Run, host: Host, device: Device, address: string): void {
  const arp = { op: 'request' as const, senderMac: device.mac, senderIp: address, targetIp: address };
  transmit(run, host, device.name, { srcMac: device.mac, dstMac: BROADCAST, arp });
}

/** Whether a node answers `who has target, tell asker` on an interface. */
function answers(run: Run, host: Host, device: Device, { senderIp: asker, targetIp: target }: Arp): boolean {
  // The kernel routes the request like a packet, so its source is validated too.
  const verdict = validateSource(host, device, { src: asker, dst: target });
  if (!verdict.accepted) {
    const { code } = verdict;
    const dropped = { node: host.name, address: target, source: asker };
    if (host.owned.has(target))
      run.unanswered.set(target, (node) => cause(code, 'arp-request-dropped', { ...dropped, asker: node }));
    return false;
  }
  if (host.owned.has(target)) return mayAnswer(host, device, asker, target);
  return answersForOthers(host, device, { asker, target });
}

/**
 * arp_ignore (Documentation/networking/ip-sysctl.rst); IPv6 always behaves like level 1: an address of that very
 * interface.
 */
function mayAnswer(host: Host, device: Device, asker: string, target: string): boolean {
  const here = device.addresses.some(({ ip }) => ip === target);
  switch (target.includes(':') ? 1 : device.settings.arpIgnore) {
    case 1:
      return here;
    case 2:
      return here && device.addresses.some(({ subnet }) => covers(subnet, target) && covers(subnet, asker));
    case 8:
      return false;
    default:
      return true;
  }
}
