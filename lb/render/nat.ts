import type { LbService } from '../config.ts';
import { proxyIps } from '../config-rules.ts';
import { choose } from './choose.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { upServers } from './input.ts';
import type { Chain, NftMap, Table } from './ruleset.ts';
import { packetKey, serviceKey, serviceKeyType } from './service-key.ts';

/**
 * Modes dnat and proxy. Prerouting finds the service and rewrites the destination; conntrack keeps the flow on its
 * server and undoes the rewriting on the way back. In proxy mode postrouting finds the service again, by the
 * destination that the packet had at first, and rewrites the source.
 */
export function renderNat(input: RenderInput): Pick<Table, 'maps' | 'chains'> {
  const services = input.config.services.filter(({ mode }) => mode === 'dnat' || mode === 'proxy');
  const maps: NftMap[] = [];
  const chains: Chain[] = [];
  const prerouting: string[] = [];
  const postrouting: string[] = [];
  for (const family of FAMILIES) {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    const served = here.filter((service) => upServers(input, service).length > 0);
    if (here.length === 0) continue;
    maps.push({
      name: `services${family.version}`,
      kind: 'map',
      spec: [`type ${serviceKeyType(here[0]!.vip)} : verdict`],
      elements: served.map((service) => `${serviceKey(service)} : goto to.${service.name}`),
    });
    prerouting.push(`${packetKey(family.version)} vmap @services${family.version}`);
    chains.push(...served.map((service) => destinationChain(input, service)));
    const proxied = here.filter(({ mode }) => mode === 'proxy');
    if (proxied.length > 0) {
      chains.push(...proxied.map(sourceChain), ...vipChains(family, proxied));
      postrouting.push(`ct status dnat ct original ${family.ip} daddr vmap { ${vipVerdicts(proxied)} }`);
    }
  }
  if (services.length > 0) {
    chains.push(
      { name: 'prerouting', hook: 'type nat hook prerouting priority dstnat', rules: prerouting },
      { name: 'postrouting', hook: 'type nat hook postrouting priority srcnat', rules: postrouting },
    );
  }
  return { maps, chains };
}

function destinationChain(input: RenderInput, service: LbService): Chain {
  const { ip } = familyOf(service.vip);
  const targets = upServers(input, service).map(({ address, port }) => `${address} . ${port ?? service.port}`);
  // Without this match nft refuses to rewrite a port.
  const rules = [`meta l4proto ${service.protocol} dnat ${ip} to ${choose(service, targets)}`];
  return { name: `to.${service.name}`, hook: null, rules };
}

function sourceChain(service: LbService): Chain {
  const { ip } = familyOf(service.vip);
  const pool = proxyIps(service);
  const slots = pool.map((address, i) => `${i} : ${address}`).join(', ');
  const rule = {
    0: 'masquerade',
    1: `snat ${ip} to ${pool[0]}`,
  }[pool.length];
  return {
    name: `from.${service.name}`,
    hook: null,
    rules: [rule ?? `snat ${ip} to numgen inc mod ${pool.length} map { ${slots} }`],
  };
}

/** One chain a VIP: nft 1.0 cannot put the original port of a connection into a concatenated key. */
function vipChains({ version }: Family, proxied: LbService[]): Chain[] {
  return distinctVips(proxied).map((vip, i) => ({
    name: `vip${version}.${i}`,
    hook: null,
    rules: (['tcp', 'udp'] as const).flatMap((protocol) => {
      const ports = proxied
        .filter((service) => service.vip === vip && service.protocol === protocol)
        .map(({ port, name }) => `${port} : goto from.${name}`);
      return ports.length > 0 ? [`meta l4proto ${protocol} ct original proto-dst vmap { ${ports.join(', ')} }`] : [];
    }),
  }));
}

function vipVerdicts(proxied: LbService[]): string {
  const { version } = familyOf(proxied[0]!.vip);
  return distinctVips(proxied)
    .map((vip, i) => `${vip} : goto vip${version}.${i}`)
    .join(', ');
}

function distinctVips(services: LbService[]): string[] {
  return [...new Set(services.map(({ vip }) => vip))];
}
