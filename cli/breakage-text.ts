import type { Breakage, Breakages } from '../harness/terms/breakage.ts';

const TEXTS: { [Code in keyof Breakages]: (params: Breakages[Code]) => string } = {
  'gateway-removed': ({ node }) => `${node} has no default gateway`,
  'route-removed': ({ node, to, from, via }) =>
    `${node} has no route to ${to} via ${via}${from === undefined ? '' : ` for packets from ${from}`}`,
  'link-cut': ({ node, peer }) => `the link between ${node} and ${peer} is down`,
  'forwarding-off': ({ node }) => `${node} does not forward`,
  'listeners-stopped': ({ node }) => `nothing listens at ${node}`,
  'balancer-stopped': ({ node }) => `the load balancer of ${node} is off`,
  'vip-disowned': ({ node }) => `${node} does not own its VIPs`,
  'loopback-emptied': ({ node }) => `${node} holds no VIP on its loopback`,
  'answers-arp': ({ node }) => `${node} answers ARP for its VIPs (arp_ignore 0)`,
  'announces-vip': ({ node }) => `${node} may send ARP in the name of a VIP (arp_announce 0)`,
  'dscp-kept': ({ node }) => `${node} turns no DSCP value into a VIP`,
  'rp-filter-strict': ({ node }) => `${node} checks sources (rp_filter 1)`,
  'nat-off': ({ node }) => `${node} translates no addresses`,
  'firewall-on': ({ node }) => `${node} has a stateful firewall`,
};

/** A breakage in a few words. */
export function breakageText<C extends keyof Breakages>({
  code,
  params,
}: Breakage & { code: C; params: Breakages[C] }): string {
  return TEXTS[code](params);
}
