/** How packets get to a server. */
export type Mode = 'dnat' | 'proxy' | 'dsr' | 'l3dsr' | 'ipip';

/** How a mode changes packets on the way to a server. */
export interface ModeTraits {
  /**
   * How packets reach the server: by NAT of the destination; by the server's MAC, with the VIP as destination; by the
   * server's address and a DSCP value that the server turns back into the VIP; or unchanged inside a packet to the
   * server (RFC 2003, 2473).
   */
  handsOver: 'nat' | 'mac' | 'dscp' | 'tunnel';
  /** Whether a proxy IP replaces the client's address. */
  hidesSource: boolean;
}

export const MODES: Record<Mode, ModeTraits> = {
  dnat: { handsOver: 'nat', hidesSource: false },
  proxy: { handsOver: 'nat', hidesSource: true },
  dsr: { handsOver: 'mac', hidesSource: false },
  l3dsr: { handsOver: 'dscp', hidesSource: false },
  ipip: { handsOver: 'tunnel', hidesSource: false },
};

/** Modes of services: those that send packets to servers, and `route`, which has neither VIP nor servers. */
export const SERVICE_MODES = [...Object.keys(MODES), 'route'];

/** Whether a service only routes packets: mode `route`, which has neither VIP nor servers. */
export function isRoute<S extends { mode?: unknown }>(service: S): service is Extract<S, { mode: 'route' }> {
  return service.mode === 'route';
}

/** Whether servers reply to clients directly (dsr, l3dsr, ipip), so that the load balancer sees only requests. */
export function isDirect({ mode }: { mode: Mode }): boolean {
  return MODES[mode].handsOver !== 'nat';
}

/** Whether the host owns the VIPs, and who adds them: the load balancer or another program. */
export type VipOwner = boolean | 'external';

/**
 * VIPs that only have direct modes and that the host does not own: the load balancer handles all their packets at
 * ingress; the host's own stack, including conntrack, is not involved.
 */
export function vipsAtIngress({
  vipOwner,
  services,
}: {
  vipOwner: VipOwner;
  services: { vip: string; mode: Mode }[];
}): Set<string> {
  if (vipOwner !== false) return new Set();
  const translated = new Set(services.filter((service) => !isDirect(service)).map(({ vip }) => vip));
  return new Set(services.map(({ vip }) => vip).filter((vip) => !translated.has(vip)));
}
