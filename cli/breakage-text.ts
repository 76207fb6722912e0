import type { Breakage, Breakages } from '../harness/terms/breakage.ts';

const TEXTS: { [Code in keyof Breakages]: (params: Breakages[Code]) => string } = {
  'gateway-removed': ({ node }) => `${node} has no default gateway`,
  'route-removed': ({ node, to, from, via }) =>
    `${node} has no route to ${to} via ${via}${from === undefined ? '' : ` for packets from ${from}`}`,
  'link-cut': ({ node, peer }) => `the link between ${node} and ${peer} is down`,
  'forwarding-off': ({ node }) => `${node} does not forward`,
  'listeners-stopped': ({ node }) => `${node} has no listeners`,
  'balancer-stopped': ({ node }) => `the load balancer of ${node} is off`,
  'vip-disowned': ({ node }) => `${node} does not own its VIPs`,
  'loopback-emptied': ({ node }) => `${node} holds no VIP on its loopback`,
  'answers-arp': ({ node }) => `${node} answers ARP for its VIPs (arp_ignore 0)`,
  'announces-vip': ({ node }) => `${node} may use a VIP as ARP sender (arp_announce 0)`,
  'dscp-kept': ({ node }) => `${node} does not translate DSCP values back to VIPs`,
  'tunnel-end-removed': ({ node }) => `no tunnel ends at ${node}`,
  'rp-filter-strict': ({ node }) => `${node} checks sources (rp_filter 1)`,
  'nat-off': ({ node }) => `${node} translates no addresses`,
  'firewall-on': ({ node }) => `${node} has a stateful firewall`,
};

/** A breakage as short text. */
export function breakageText<C extends keyof Breakages>({
  code,
  params,
}: Breakage & { code: C; params: Breakages[C] }): string {
  return TEXTS[code](params);
}
