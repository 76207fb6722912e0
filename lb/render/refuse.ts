import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { upServers } from './input.ts';
import type { Chain, NftMap, Table } from './ruleset.ts';
import { packetKey, serviceKey, serviceKeyType } from './service-key.ts';

/**
 * Quick refusals: a service without a healthy server answers with a TCP reset or ICMP port unreachable, and so does a
 * VIP that the host does not own for ports that no service has (the route that makes it answer ARP would loop them).
 */
export function renderRefusals(input: RenderInput): Pick<Table, 'maps' | 'chains'> {
  const { services, vipOwner } = input.config;
  const maps: NftMap[] = [];
  const before: string[] = [];
  const forward: string[] = [];
  for (const family of FAMILIES) {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    if (here.length === 0) continue;
    maps.push({
      name: `refused${family.version}`,
      kind: 'set',
      spec: [`type ${serviceKeyType(here[0]!.vip)}`],
      elements: here.filter((service) => upServers(input, service).length === 0).map(serviceKey),
    });
    before.push(`${packetKey(family.version)} @refused${family.version} counter goto refuse`);
    if (!vipOwner) {
      const vips = [...new Set(here.map(({ vip }) => vip))].join(', ');
      forward.push(`oifname "lo" ${family.ip} daddr { ${vips} } goto refuse`);
    }
  }
  const chains: Chain[] = [
    {
      name: 'refuse',
      hook: null,
      rules: ['meta l4proto tcp reject with tcp reset', 'reject with icmpx port-unreachable'],
    },
    { name: 'before', hook: 'type filter hook prerouting priority dstnat - 10', rules: before },
  ];
  if (forward.length > 0) {
    chains.push({ name: 'forward', hook: 'type filter hook forward priority filter', rules: forward });
  }
  return { maps, chains };
}
