import type { LbService } from '../terms/config.ts';
import { deviceFor, ingressDevices } from '../facts/facts.ts';
import { deviceChain } from './device-chain.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { joinParts } from './part.ts';
import type { NftMap, Part } from './ruleset.ts';

/**
 * Health checks of DSR servers request the VIP at each server, so that a missing loopback address is detected. The
 * check connects to the server's own address and a port that represents the service. At egress, where the frame already
 * has its MAC, the destination becomes the VIP and the service's port; at ingress the reply's source is restored. Both
 * happen outside the host's own stack, which could not connect to an address that it owns itself.
 */
export function renderChecks(input: RenderInput): Part {
  const { facts } = input;
  const checked = input.config.services.flatMap((service) => {
    const port = input.checkPortOf(service);
    return port === null ? [] : [{ service, port }];
  });
  if (checked.length === 0) return joinParts();
  const families = FAMILIES.map((family) => ({
    family,
    here: checked.filter(({ service }) => familyOf(service.vip) === family),
  })).filter(({ here }) => here.length > 0);
  const servers = checked.flatMap(({ service }) => service.servers.map(({ address }) => address));
  const outward = new Set(servers.map((address) => deviceFor(facts, address)).filter((device) => device !== null));
  const ask = families.flatMap(({ here }) => here.map(({ service, port }) => outRule(input, service, port)));
  const answer = families.flatMap(({ family, here }) => here.map(({ service }) => backRule(family, service)));
  // All traffic passes here: packets that are not checks must need only one lookup, however many services there are.
  const out = [`meta skuid ${input.uid} goto checks.ask`, 'meta l4proto { icmp, icmpv6 } goto checks.ask'];
  const back = families.flatMap(({ family, here }) => {
    const own = ownAddresses(input, family);
    if (own.length === 0) return [];
    const vips = new Set(here.map(({ service }) => service.vip));
    const from = `${family.ip} saddr { ${[...vips].join(', ')} }`;
    return `${from} ${family.ip} daddr { ${own.join(', ')} } goto checks.answer`;
  });
  return {
    maps: families.flatMap(({ family }) => checkMaps(family)),
    chains: [
      { name: 'checks.ask', hook: null, rules: ask },
      { name: 'checks.answer', hook: null, rules: answer },
      ...deviceChain('checks.out', outward, { place: 'egress', facts }, out),
      ...deviceChain('checks.back', ingressDevices(facts), { place: 'ingress', facts, priority: 'filter - 10' }, back),
    ],
  };
}

/** Keyed by the check's source port or echo id: the server and port that it targets. */
function checkMaps({ ip, type, version }: Family): NftMap[] {
  const dynamic = ['flags dynamic,timeout', 'timeout 1m', 'size 65536'];
  const map = (name: string, types: string): NftMap => ({
    name: `checked.${name}${version}`,
    kind: 'map',
    spec: [types, ...dynamic],
    elements: null,
  });
  return [
    map('server', `type inet_service : ${type}`),
    map('port', 'type inet_service : inet_service'),
    map('echo', `typeof ${version === 4 ? 'icmp' : 'icmpv6'} id : ${ip} daddr`),
  ];
}

function outRule(input: RenderInput, service: LbService, port: number): string {
  const { ip, version } = familyOf(service.vip);
  const servers = service.servers.map(({ address }) => address).join(', ');
  const toServer = `${ip} daddr { ${servers} }`;
  const protocol = checkProtocol(service);
  if (protocol === 'icmp') {
    const echo = version === 4 ? 'icmp' : 'icmpv6';
    return (
      `meta mark ${port} ${toServer} ${echo} type echo-request ` +
      `update @checked.echo${version} { ${echo} id : ${ip} daddr } ${reachVip(service)}`
    );
  }
  return (
    `meta skuid ${input.uid} ${toServer} ${protocol} dport ${port} ` +
    `update @checked.server${version} { th sport : ${ip} daddr } ` +
    `update @checked.port${version} { th sport : th dport } ` +
    `${reachVip(service)} ${protocol} dport set ${askedPort(service)}`
  );
}

/**
 * In dsr the frame already has the server's MAC; in l3dsr the packet needs the server's address, and a DSCP value for
 * the VIP.
 */
function reachVip({ vip, dscp }: LbService): string {
  const { ip } = familyOf(vip);
  return dscp === undefined ? `${ip} daddr set ${vip}` : `${ip} dscp set ${dscp}`;
}

/** Source addresses of checks: all addresses of the host except VIPs, unless a check is configured to use one. */
function ownAddresses(input: RenderInput, { version }: Family): string[] {
  const sources = new Set(input.config.services.map(({ check }) => check.source));
  const vips = new Set(input.config.services.map(({ vip }) => vip).filter((vip) => !sources.has(vip)));
  return input.facts.interfaces
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    .filter((address) => familyOf(address).version === version && !vips.has(address));
}

function backRule({ ip, version }: Family, service: LbService): string {
  const answer = `${ip} saddr ${service.vip}`;
  const protocol = checkProtocol(service);
  if (protocol === 'icmp') {
    const echo = version === 4 ? 'icmp' : 'icmpv6';
    return `${answer} ${echo} type echo-reply ${ip} saddr set ${echo} id map @checked.echo${version}`;
  }
  return (
    `${answer} ${protocol} sport ${askedPort(service)} ${ip} saddr set th dport map @checked.server${version} ` +
    `${protocol} sport set th dport map @checked.port${version}`
  );
}

/** Port on the VIP that a check targets. */
function askedPort({ port, check }: LbService): number {
  return check.port ?? port;
}

function checkProtocol({ check }: LbService): 'tcp' | 'udp' | 'icmp' {
  return check.type === 'udp' || check.type === 'icmp' ? check.type : 'tcp';
}
