import type { Mode } from '../terms/mode.ts';
import { QUIET_ARP } from './profiles/profile.ts';

/** Settings as in YAML. */
interface ModeNeeds {
  service: { proxyIp?: 'auto'; dscp?: number };
  servers: Partial<typeof QUIET_ARP> & Partial<Record<'loopback' | 'undoDscp' | 'tunnelEnd', string[]>>;
}

/** What these services and their servers need in a mode, besides the mode itself. */
export function modeNeeds(mode: Mode, services: string[]): ModeNeeds {
  const held = { loopback: services, ...QUIET_ARP };
  switch (mode) {
    case 'dnat':
      return { service: {}, servers: {} };
    case 'proxy':
      return { service: { proxyIp: 'auto' }, servers: {} };
    case 'dsr':
      return { service: {}, servers: held };
    case 'l3dsr':
      return { service: { dscp: 11 }, servers: { ...held, undoDscp: services } };
    case 'ipip':
      return { service: {}, servers: { ...held, tunnelEnd: services } };
  }
}
