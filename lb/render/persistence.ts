import type { LbService } from '../terms/config.ts';
import { familyOf } from './family.ts';
import type { NftMap } from './ruleset.ts';

const LIMIT = 65_536;

/** Map from client address to the server of its last flow; null for a service without persistence. */
export function stickyMap(service: LbService): { name: string; key: string; map: NftMap } | null {
  if (!service.persistence) return null;
  const { ip, type } = familyOf(service.vip);
  const name = `sticky.${service.name}`;
  const spec = [
    `type ${type} : mark`,
    'flags dynamic,timeout',
    `timeout ${service.persistence.timeoutMs}ms`,
    `size ${LIMIT}`,
  ];
  return { name, key: `${ip} saddr`, map: { name, kind: 'map', spec, elements: null } };
}
