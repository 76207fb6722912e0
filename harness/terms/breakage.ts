import type { MessageOf } from './message.ts';

/** One fault in a network: a lost setting, or a stopped part. */
export type Breakage = MessageOf<Breakages>;

export interface Breakages {
  'gateway-removed': { node: string };
  'route-removed': { node: string; to: string; from?: string; via: string };
  'link-cut': { node: string; peer: string };
  'forwarding-off': { node: string };
  'listeners-stopped': { node: string };
  'balancer-stopped': { node: string };
  'vip-disowned': { node: string };
  'loopback-emptied': { node: string };
  'answers-arp': { node: string };
  'announces-vip': { node: string };
  'dscp-kept': { node: string };
  'tunnel-end-removed': { node: string };
  'rp-filter-strict': { node: string };
  'firewall-on': { node: string };
  'nat-off': { node: string };
}
