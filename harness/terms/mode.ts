import type { Mode } from './plan.ts';

/** What a mode does to a packet on its way to a server. */
export interface ModeTraits {
  /**
   * How the server gets it: by NAT of its destination; by the server's MAC on the frame, with the VIP still in it; or by
   * the server's address and a DSCP value that the server turns back into the VIP.
   */
  handsOver: 'nat' | 'mac' | 'dscp';
  /** Whether a proxy IP takes the place of the client's address. */
  hidesSource: boolean;
}

export const MODES: Record<Mode, ModeTraits> = {
  dnat: { handsOver: 'nat', hidesSource: false },
  proxy: { handsOver: 'nat', hidesSource: true },
  dsr: { handsOver: 'mac', hidesSource: false },
  l3dsr: { handsOver: 'dscp', hidesSource: false },
};

/** Whether servers answer clients themselves, from the VIP (Direct Server Return). */
export function isDirect({ mode }: { mode: Mode }): boolean {
  return MODES[mode].handsOver !== 'nat';
}
