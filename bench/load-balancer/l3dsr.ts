import type { NetnsLab } from '../../lb/netns/netns-lab.ts';
import { loadRules } from './load-rules.ts';
import type { Path } from './topology.ts';

/** By these values the server knows the VIPs of l3dsr. */
export const DSCP = 11;

/** The server's rule in l3dsr: translates the DSCP value back to the VIP, before its stack sees the packet. */
export async function undoL3dsr(lab: NetnsLab, { balancer, vip, server }: Path): Promise<void> {
  const rules = `table netdev undo-${balancer} {
    chain in {
      type filter hook ingress device "${balancer}" priority filter
      ip dscp ${DSCP} ip daddr ${server} ip daddr set ${vip} ip dscp set 0
    }
  }`;
  await loadRules(lab, 'server', `undo-${balancer}`, rules);
}
