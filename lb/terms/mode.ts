/** How packets get to a server. */
export type Mode = 'dnat' | 'proxy' | 'dsr' | 'l3dsr' | 'ipip';

/** What a mode does to a packet on its way to a server. */
export interface ModeTraits {
  /**
   * How the server gets it: by NAT of its destination; by the server's MAC on the frame, with the VIP still in it; by the
   * server's address and a DSCP value that the server turns back into the VIP; or whole, in a packet to the server (RFC 2003,
   * 2473).
   */
  handsOver: 'nat' | 'mac' | 'dscp' | 'tunnel';
  /** Whether a proxy IP takes the place of the client's address. */
  hidesSource: boolean;
}

export const MODES: Record<Mode, ModeTraits> = {
  dnat: { handsOver: 'nat', hidesSource: false },
  proxy: { handsOver: 'nat', hidesSource: true },
  dsr: { handsOver: 'mac', hidesSource: false },
  l3dsr: { handsOver: 'dscp', hidesSource: false },
  ipip: { handsOver: 'tunnel', hidesSource: false },
};

/** What a service can be: of a mode that hands packets to a server, or of mode `route`, which has neither VIP nor servers. */
export const SERVICE_MODES = [...Object.keys(MODES), 'route'];

/** Whether servers answer clients directly (dsr, l3dsr, ipip), so that the load balancer sees one direction only. */
export function isDirect({ mode }: { mode: Mode }): boolean {
  return MODES[mode].handsOver !== 'nat';
}

/** Whether VIPs are addresses of the host, by the load balancer's doing or by somebody else's. */
export type VipOwner = boolean | 'external';

/**
 * VIPs of direct modes alone that the host does not own: the load balancer deals with all that is sent to them where it
 * comes in, and the host's own stack, its connection tracking above all, has no part in it.
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
