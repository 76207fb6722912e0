import { isIPv4 } from 'node:net';
import type { LbServer, LbService } from '../config.ts';
import { deviceFor, ingressDevices } from '../host/facts.ts';
import { choose } from './choose.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { upServers } from './input.ts';
import type { Chain, NftMap, Table } from './ruleset.ts';
import { packetKey, serviceKey, serviceKeyType } from './service-key.ts';

/** Client address and port. Written as raw bytes, so that the quoted packet of an ICMP error can be looked up too. */
const FLOW = '@nh,96,32 . @th,0,8 . @th,8,8';
/** The same two, in the packet that an ICMP error quotes: a reply, hence destination address and port. */
const QUOTED_FLOW = '@th,192,32 . @th,240,8 . @th,248,8';
const PROTOCOL_NUMBER = { tcp: 6, udp: 17 };

/** Idle time after which a flow is forgotten. */
const FLOW_TIMEOUT = '15m';
const FLOW_LIMIT = 262_144;

/**
 * Mode dsr: at ingress, before the host's own stack sees the frame, the destination MAC becomes the server's.
 * Conntrack sees one direction only and is of no use; a map with a timeout keeps each flow on its server.
 */
export function renderDsr(input: RenderInput): Pick<Table, 'maps' | 'chains'> {
  const services = input.config.services.filter(({ mode }) => mode === 'dsr');
  if (services.length === 0) return { maps: [], chains: [] };
  const maps: NftMap[] = [];
  const chains: Chain[] = [];
  const ingress: string[] = [];
  for (const family of FAMILIES) {
    const served = services.filter((s) => familyOf(s.vip) === family && upServers(input, s).length > 0);
    if (served.length === 0) continue;
    maps.push(...served.map(flowMap), {
      name: `services${family.version}`,
      kind: 'map',
      spec: [`type ${serviceKeyType(served[0]!.vip)} : verdict`],
      elements: served.map((service) => `${serviceKey(service)} : goto to.${service.name}`),
    });
    chains.push(...served.flatMap((service) => serviceChains(input, service)));
    ingress.push(`${packetKey(family.version)} vmap @services${family.version}`, quotedServices(served));
  }
  const devices = ingressDevices(input.facts)
    .map((name) => `"${name}"`)
    .join(', ');
  chains.push({
    name: 'ingress',
    hook: `type filter hook ingress devices = { ${devices} } priority filter`,
    rules: ingress,
  });
  return { maps, chains };
}

/** ICMP errors about a reply of a server come to the VIP; only the flow's own server can use them. */
function quotedServices(services: LbService[]): string {
  const verdicts = services.map((service) => {
    const vip = `0x${serverMark(service.vip).toString(16).padStart(8, '0')}`;
    return `${vip} . ${PROTOCOL_NUMBER[service.protocol]} . ${service.port} : goto icmp.${service.name}`;
  });
  return `icmp type { destination-unreachable, time-exceeded, parameter-problem } @th,160,32 . @th,136,8 . @th,224,16 vmap { ${verdicts.join(', ')} }`;
}

function flowMap({ name }: LbService): NftMap {
  const spec = [`typeof ${FLOW} : meta mark`, 'flags dynamic,timeout', `timeout ${FLOW_TIMEOUT}`, `size ${FLOW_LIMIT}`];
  return { name: `flows.${name}`, kind: 'map', spec, elements: null };
}

function serviceChains(input: RenderInput, service: LbService): Chain[] {
  const up = upServers(input, service);
  const marks = up.map(({ address }) => mark(address));
  const known = `meta mark { ${marks.join(', ')} } goto keep.${service.name}`;
  const flows = `@flows.${service.name}`;
  return [
    {
      name: `to.${service.name}`,
      hook: null,
      rules: [
        'meta mark set 0',
        `meta mark set ${FLOW} map ${flows}`,
        known,
        // The flow is new, or its server has left: an element's value cannot be changed, only replaced.
        `delete ${flows} { ${FLOW} : meta mark }`,
        `meta mark set ${choose(service, marks)}`,
        `add ${flows} { ${FLOW} : meta mark } goto forward.${service.name}`,
        // The table is full: a choice that is the same for every packet of the flow needs no memory.
        `meta mark set ${choose({ ...service, scheduler: 'source-hash' }, marks)}`,
        `counter goto forward.${service.name}`,
      ],
    },
    {
      name: `keep.${service.name}`,
      hook: null,
      rules: [`update ${flows} { ${FLOW} : meta mark }`, `goto forward.${service.name}`],
    },
    {
      name: `icmp.${service.name}`,
      hook: null,
      rules: [
        'meta mark set 0',
        `meta mark set ${QUOTED_FLOW} map ${flows}`,
        `meta mark { ${marks.join(', ')} } goto forward.${service.name}`,
      ],
    },
    { name: `forward.${service.name}`, hook: null, rules: forwardRules(input, service, up) },
  ];
}

/** `fwd` with an address lets the kernel resolve and write both MACs; without one, the source MAC stays as it came. */
function forwardRules(input: RenderInput, service: LbService, servers: LbServer[]): string[] {
  const { ip } = familyOf(service.vip);
  const reachable = servers.flatMap(({ address }) => {
    const device = deviceFor(input.facts, address);
    return device === null ? [] : [{ address, device, mac: input.macOf(address) }];
  });
  const map = (entries: [string, string][]) =>
    `meta mark map { ${entries.map(([address, value]) => `${mark(address)} : ${value}`).join(', ')} }`;
  const rules: string[] = [];
  const known = reachable.filter(({ mac }) => mac !== null);
  if (service.sourceMac === 'keep' && known.length > 0) {
    rules.push(
      `ether daddr set ${map(known.map(({ address, mac }) => [address, mac!]))} ` +
        `fwd to ${map(known.map(({ address, device }) => [address, `"${device}"`]))}`,
    );
  }
  if (reachable.length > 0) {
    rules.push(
      `fwd ${ip} to ${map(reachable.map(({ address }) => [address, address]))} ` +
        `device ${map(reachable.map(({ address, device }) => [address, `"${device}"`]))}`,
    );
  }
  return rules;
}

function mark(address: string): string {
  return `0x${serverMark(address).toString(16).padStart(8, '0')}`;
}

/** Number of a server in the flow map: its own address, so that it never changes, whatever else is configured. */
export function serverMark(address: string): number {
  if (isIPv4(address)) return address.split('.').reduce((value, octet) => value * 256 + Number(octet), 0);
  let hash = 0x811c9dc5;
  for (const char of address) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
