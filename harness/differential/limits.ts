import type { Attempt, FlowResult } from '../judge/results.ts';
import { contains, network } from '../scenario/address.ts';
import type { Plan } from '../scenario/plan.ts';

/** What the model does not know, each with its story in harness/model/README.md. */
export type Limit =
  'wire-learns-macs' | 'mac-to-itself' | 'checks-teach-neighbours' | 'ipv6-redirects' | 'dsr-out-of-reach';

/** The limit of the model that explains why a flow's packets did not do what was predicted; null where none does. */
export function limitOf({ attempts, predicted }: FlowResult, plan: Plan): Limit | null {
  if (attempts.some((attempt) => wireAteFrame(attempt, plan))) return 'wire-learns-macs';
  if (predicted.some(({ request }) => request.some(({ src, dst }) => src.mac === dst.mac))) return 'mac-to-itself';
  if (checksTeach(plan)) return 'checks-teach-neighbours';
  if (heedsIpv6Redirects(plan)) return 'ipv6-redirects';
  return dsrOutOfReach(plan) ? 'dsr-out-of-reach' : null;
}

/** A frame went out of an interface that had sent its destination MAC as source before, and never came out of the wire. */
function wireAteFrame({ packets }: Attempt, plan: Plan): boolean {
  const ends = plan.links.flatMap(({ ends: [a, b] }) => [
    { near: a, far: b },
    { near: b, far: a },
  ]);
  return ends.some(({ near, far }) => {
    const sent = packets.filter((p) => p.node === near.node && p.iface === near.iface && p.direction === 'out');
    const came = packets.filter((p) => p.node === far.node && p.iface === far.iface && p.direction === 'in');
    const shown = new Set(sent.map(({ frame }) => frame.srcMac));
    const count = (all: typeof packets, mac: string): number => all.filter(({ frame }) => frame.dstMac === mac).length;
    return [...shown].some((mac) => count(sent, mac) > count(came, mac));
  });
}

/** A server that speaks up for its VIP in ARP (arp_announce below 2) is taught and teaches by every health check. */
function checksTeach({ nodes }: Plan): boolean {
  const checked = nodes.some(({ lb }) => lb?.services.some(({ check }) => check.type !== 'none'));
  return (
    checked && nodes.some((node) => node.loopback.length > 0 && node.sysctls['net/ipv4/conf/all/arp_announce'] !== '2')
  );
}

/** A router always sends redirects in IPv6, and a node that accepts them goes another way from then on. */
function heedsIpv6Redirects({ nodes }: Plan): boolean {
  return nodes.some(
    ({ sysctls }) =>
      sysctls['net/ipv6/conf/all/disable_ipv6'] === '0' && sysctls['net/ipv6/conf/all/accept_redirects'] === '1',
  );
}

/**
 * The load balancer takes a DSR server that it has no route to, or whose MAC it cannot learn where it keeps the source
 * MAC, out of its pool, and refuses when none is left.
 */
function dsrOutOfReach({ nodes }: Plan): boolean {
  return nodes.some(({ lb, interfaces, routes }) => {
    const routed = (address: string): boolean => routes.some(({ to }) => to === 'default' || contains(to, address));
    const near = (address: string): boolean =>
      interfaces.some(({ addresses }) => addresses.some((cidr) => contains(network(cidr), address)));
    const direct = lb?.services.filter(({ mode }) => mode === 'dsr') ?? [];
    return direct.some(({ servers, sourceMac }) =>
      servers.some(({ address }) => !near(address) && (sourceMac === 'keep' || !routed(address))),
    );
  });
}
