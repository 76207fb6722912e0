import type { LbConfig, LbService } from '../config.ts';
import { deviceFor, ingressDevices } from '../host/facts.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import type { Chain, NftMap, Table } from './ruleset.ts';

/** Ports from here on stand for "the VIP at that server" when the load balancer itself connects to a DSR server. */
const FIRST_CHECK_PORT = 60_000;

/**
 * Port to which a health check of a DSR service connects at the server's own address. On its way out the packet's
 * destination becomes the VIP and the service's port, while its MAC stays the server's: so the answer proves that
 * the server holds the VIP.
 */
export function checkPort(config: LbConfig, service: LbService): number {
  return FIRST_CHECK_PORT + checkedServices(config).indexOf(service);
}

function checkedServices(config: LbConfig): LbService[] {
  return config.services.filter(({ mode, check }) => mode === 'dsr' && check.type !== 'none');
}

/** Stateless rewriting of DSR health checks, out at egress and back at ingress: before and after the host's own stack. */
export function renderChecks(input: RenderInput): Pick<Table, 'maps' | 'chains'> {
  const services = checkedServices(input.config);
  if (services.length === 0) return { maps: [], chains: [] };
  const maps: NftMap[] = [];
  const chains: Chain[] = [];
  const out: string[] = [];
  const back: string[] = [];
  for (const family of FAMILIES) {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    if (here.length === 0) continue;
    const { ip, type, version } = family;
    const own = input.facts.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    const ownHere = own.filter((a) => familyOf(a) === family && !input.config.services.some(({ vip }) => vip === a));
    const dynamic = ['flags dynamic,timeout', 'timeout 1m', 'size 65536'];
    maps.push(
      {
        name: `checked.server${version}`,
        kind: 'map',
        spec: [`type inet_service : ${type}`, ...dynamic],
        elements: null,
      },
      {
        name: `checked.port${version}`,
        kind: 'map',
        spec: ['type inet_service : inet_service', ...dynamic],
        elements: null,
      },
    );
    for (const service of here) {
      const port = checkPort(input.config, service);
      const servers = service.servers.map(({ address }) => address).join(', ');
      out.push(
        `meta skuid ${input.uid} ${ip} daddr { ${servers} } ${service.protocol} dport ${port} ` +
          `update @checked.server${version} { th sport : ${ip} daddr } ` +
          `update @checked.port${version} { th sport : th dport } ` +
          `${ip} daddr set ${service.vip} ${service.protocol} dport set ${service.port}`,
      );
      back.push(
        `${ip} saddr ${service.vip} ${service.protocol} sport ${service.port} ${ip} daddr { ${ownHere.join(', ')} } ` +
          `${ip} saddr set th dport map @checked.server${version} ` +
          `${service.protocol} sport set th dport map @checked.port${version}`,
      );
    }
  }
  const outward = new Set(
    services.flatMap(({ servers }) => servers.map(({ address }) => deviceFor(input.facts, address))),
  );
  const devices = (names: Iterable<string | null>) =>
    [...names].flatMap((name) => (name === null ? [] : [`"${name}"`])).join(', ');
  chains.push(
    {
      name: 'checks.out',
      hook: `type filter hook egress devices = { ${devices(outward)} } priority filter`,
      rules: out,
    },
    {
      name: 'checks.back',
      hook: `type filter hook ingress devices = { ${devices(ingressDevices(input.facts))} } priority filter - 10`,
      rules: back,
    },
  );
  return { maps, chains };
}
