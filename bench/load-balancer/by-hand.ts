import type { LbService } from '../../lb/config.ts';
import type { NetnsLab } from '../../lb/testing/netns-lab.ts';
import { DSCP } from './l3dsr.ts';
import { loadRules } from './load-rules.ts';
import type { Way } from './topology.ts';
import { SERVICES } from './traffic.ts';

/** Loads the smallest rules that carry the same services to one server. */
export async function byHand(lab: NetnsLab, way: Way, mode: LbService['mode']): Promise<void> {
  await loadRules(lab, way.balancer, way.balancer, rulesOf(way)[mode]);
  if (mode === 'proxy') await lab.exec(way.balancer, 'ip', 'addr', 'add', `${way.proxyIp}/32`, 'dev', 'server');
}

function rulesOf({ vip, server, proxyIp }: Way): Record<LbService['mode'], string> {
  const each = (action: string) =>
    SERVICES.map(({ protocol, port }) => `ip daddr ${vip} ${protocol} dport ${port} ${action}`).join('\n');
  const dnat = `chain pre {
    type nat hook prerouting priority dstnat
    ${each(`dnat to ${server}`)}
  }`;
  const snat = `chain post {
    type nat hook postrouting priority srcnat
    ip daddr ${server} snat to ${proxyIp}
  }`;
  const ingress = (action: string) => `table netdev hand {
    chain in {
      type filter hook ingress device "client" priority filter
      ${each(action)}
    }
  }`;
  return {
    dsr: ingress(`fwd ip to ${server} device "server"`),
    l3dsr: ingress(`ip dscp set ${DSCP} ip daddr set ${server} accept`),
    dnat: `table ip hand {\n${dnat}\n}`,
    proxy: `table ip hand {\n${dnat}\n${snat}\n}`,
  };
}
