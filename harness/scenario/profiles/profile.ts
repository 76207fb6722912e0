import type { LbService } from '../../../lb/terms/config.ts';
import type { NodePlan } from '../../terms/node-plan.ts';
import type { ProfileName } from '../../terms/profile-name.ts';

/** Behaviour of a product according to its documents, as settings that the author can override. */
export interface Profile {
  /** Full name of the product and its configuration. */
  product: string;
  /** The only supported protocol, and why. */
  only?: { protocol: LbService['protocol']; why: string };
  rules: Rule[];
  /** Documented behaviour that the profile does not set. */
  leaves: string[];
  /** Other profiles of the same product. */
  siblings?: ProfileName[];
}

export interface Rule {
  statement: string;
  /** How a lab models it, if this is not obvious. */
  inLab?: string;
  document: { title: string; url: string };
  /** The only services that it applies to. */
  when?: 'tcp' | 'udp' | 'checked' | 'checked-ipv4';
  /** Absent if it follows from other rules, or from what every load balancer in a lab does. */
  sets?: Sets;
}

export interface Sets {
  service?: Partial<Pick<LbService, 'mode' | 'proxyIp' | 'scheduler' | 'ownCalls' | 'whenNoneUp'>>;
  /** Fields of a check that the author wrote. */
  check?: Partial<Pick<LbService['check'], 'source' | 'target'>>;
  /** Settings of its servers; `VIP` means the service, `l4` its L4. */
  servers?: { gateway?: string; loopback?: string[]; arpIgnore?: number; arpAnnounce?: number };
  /** Settings of its L4s. */
  l4?: Pick<NodePlan, 'idleTimeoutMs' | 'onIdle'> & { loopback?: string[] };
}

/** Means the service itself in lists of services. */
export const VIP = 'VIP';

/** No ARP for addresses on the loopback. */
export const QUIET_ARP = { arpIgnore: 1, arpAnnounce: 2 };

/** The VIP on the loopback without answering ARP, as Linux servers need for DSR. */
export const QUIET_VIP = { loopback: [VIP], ...QUIET_ARP };

export const BY_GATEWAY = 'The L4 is the servers’ gateway.';
export const HELD = 'Servers hold the VIP and send no ARP for it.';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
