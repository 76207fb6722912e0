import type { LbServer, LbService } from '../terms/config.ts';
import { proxyIps } from '../terms/proxy-ips.ts';
import { choose, markChosen } from './choose.ts';
import { isDirect, MODES } from '../terms/mode.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { groupBy } from './group.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { markOf } from '../terms/mark.ts';
import { servesItself } from './own-server.ts';
import { joinParts } from './part.ts';
import { remember } from './remember.ts';
import { takesNewFlows } from './served.ts';
import { stickyMap } from './persistence.ts';
import type { Chain, Part } from './ruleset.ts';
import { countNewFlow, renderTraffic } from './traffic.ts';
import { dispatchElement, packetKey, serviceKeyType } from './service-key.ts';

/**
 * Modes dnat and proxy. Prerouting finds the service and rewrites the destination; conntrack keeps the flow on its
 * server and reverses the rewriting for replies. Postrouting finds the service again by the packet's original
 * destination; there the flow is counted and, in proxy mode, its source rewritten. These chains only see the first
 * packet of a flow.
 *
 * Calls of the host itself pass output instead of prerouting. Their source may be the VIP, which a server could own
 * itself, or reply to through its owner: without a proxy IP, the source becomes the address of the outgoing interface.
 *
 * Flows to a server that is an address of the host end at input. Their source stays, in proxy mode as well: the host replies
 * itself, so replies need no proxy IP. Calls of the host to such a server pass `lo`.
 */
export function renderNat(input: RenderInput): Part {
  const services = input.config.services.filter((service) => !isDirect(service));
  if (services.length === 0) return joinParts();
  const families = FAMILIES.map((family) =>
    familyPart(
      input,
      family,
      services.filter((s) => familyOf(s.vip) === family),
    ),
  );
  const hooks = {
    prerouting: 'type nat hook prerouting priority dstnat',
    output: 'type nat hook output priority -100',
    postrouting: 'type nat hook postrouting priority srcnat - 10',
    input: 'type nat hook input priority 90',
  };
  const chains = Object.entries(hooks)
    .map(([name, hook]): Chain => ({
      name,
      hook,
      rules: families.flatMap(({ rules }) => rules[name as keyof typeof hooks]),
    }))
    .filter(({ rules }) => rules.length > 0);
  return joinParts(...families.map(({ part }) => part), { maps: [], chains }, renderTraffic(input, services));
}

function familyPart(input: RenderInput, family: Family, services: LbService[]) {
  if (services.length === 0)
    return { part: joinParts(), rules: { prerouting: [], output: [], postrouting: [], input: [] } };
  const { ip, version } = family;
  const served = services.filter((service) => takesNewFlows(input, service));
  const hidden = services.filter(({ mode, ownCalls }) => MODES[mode].hidesSource || ownCalls === true);
  const dispatch = (name: string, of: LbService[]) => ({
    name: `${name}${version}`,
    kind: 'map' as const,
    spec: [`type ${serviceKeyType(services[0]!.vip)} : verdict`],
    elements: of.map((service) => dispatchElement(input, service)),
  });
  const ownCalls = services.some(balancesOwnCalls);
  const part = joinParts(...served.map((service) => destinationPart(input, service)), {
    maps: [dispatch('services', served), ...(ownCalls ? [dispatch('called', served.filter(balancesOwnCalls))] : [])],
    chains: sourceChains(input, version, hidden),
  });
  const byVip = [...byVipOf(hidden).keys()].map((vip, i) => `${vip} : goto from${version}.${i}`).join(', ');
  const away = ownCalls ? 'oif != "lo" ' : '';
  const rules = {
    prerouting: [`${packetKey(version)} vmap @services${version}`],
    output: ownCalls ? [`${packetKey(version)} vmap @called${version}`] : [],
    postrouting: [
      countNewFlow(input, family),
      ...(hidden.length > 0 ? [`${away}ct status dnat ct original ${ip} daddr vmap { ${byVip} }`] : []),
    ],
    input: servesItself(input, services) ? [countNewFlow(input, family)] : [],
  };
  return { part, rules };
}

const destinationPart = remember((input: RenderInput, service: LbService): Part => {
  const { ip } = familyOf(service.vip);
  const { protocol } = service;
  const target = ({ address, port }: LbServer) => `${address} . ${port ?? service.port}`;
  const name = `to.${service.name}`;
  const sticky = stickyMap(service);
  if (!sticky) {
    const choice = choose(input, service, { type: `${ip} daddr . ${protocol} dport`, value: target });
    // nft requires a match on the protocol to rewrite a port.
    const rules = [choice.expression, ...(choice.fallback === null ? [] : [choice.fallback])].map(
      (expression) => `meta l4proto ${protocol} dnat ${ip} to ${expression}`,
    );
    return { maps: choice.maps, chains: [{ name, hook: null, rules }] };
  }
  const mark = ({ address, port }: LbServer) => markOf(address, port ?? service.port);
  const takers = serversIn(input, service, 'new');
  const choice = choose(input, service, { type: 'meta mark', value: mark });
  const targets = takers.map((server) => `${mark(server)} : ${target(server)}`).join(', ');
  return {
    maps: [...choice.maps, sticky.map],
    chains: [
      {
        name: `remember.${service.name}`,
        hook: null,
        rules: [
          `update @${sticky.name} { ${sticky.key} : meta mark }`,
          `meta l4proto ${protocol} dnat ${ip} to meta mark map { ${targets} }`,
        ],
      },
      {
        name,
        hook: null,
        rules: [
          'meta mark set 0',
          `meta mark set ${sticky.key} map @${sticky.name}`,
          `meta mark { ${takers.map(mark).join(', ')} } goto remember.${service.name}`,
          `delete @${sticky.name} { ${sticky.key} : meta mark } meta mark set 0`,
          ...markChosen(choice),
          `goto remember.${service.name}`,
        ],
      },
    ],
  };
});

const sourceRewrite = remember((_, service): string => {
  // Packets of the host itself have no incoming interface.
  if (!MODES[service.mode].hidesSource) return 'iif 0 masquerade';
  const { protocol, proxyPorts } = service;
  const { ip, version } = familyOf(service.vip);
  const pool = proxyIps(service);
  const slots = pool.map((address, i) => `${i} : ${address}`).join(', ');
  const source = pool.length === 1 ? pool[0]! : `numgen inc mod ${pool.length} map { ${slots} }`;
  if (proxyPorts === undefined) return pool.length === 0 ? 'masquerade' : `snat ${ip} to ${source}`;
  // nft requires a match on the protocol for ports, and brackets to separate the port from an IPv6 address.
  const rewrite =
    pool.length === 0
      ? `masquerade to :${proxyPorts}`
      : `snat ${ip} to ${version === 6 && pool.length === 1 ? `[${source}]` : source}:${proxyPorts}`;
  return `meta l4proto ${protocol} ${rewrite}`;
});

/**
 * Rewrites the source: one chain for each pool of proxy IPs, which thousands of services may share, and one for each
 * VIP that jumps there, because nft 1.0 cannot use the original port of a connection in a concatenated key.
 */
function sourceChains(input: RenderInput, version: 4 | 6, services: LbService[]): Chain[] {
  const rewriteOf = (service: LbService) => sourceRewrite(input, service);
  const rewrites = [...new Set(services.map(rewriteOf))];
  const names = new Map(rewrites.map((rewrite, i) => [rewrite, `pool${version}.${i}`]));
  const pools = [...names].map(([rewrite, name]) => ({ name, hook: null, rules: [rewrite] }));
  const vips = [...byVipOf(services).values()].map((ofVip, i) => ({
    name: `from${version}.${i}`,
    hook: null,
    rules: (['tcp', 'udp'] as const).flatMap((protocol) => {
      const here = ofVip.filter((service) => service.protocol === protocol);
      if (here.length === 0) return [];
      const ports = here.map((service) => `${service.port} : goto ${names.get(rewriteOf(service))}`).join(', ');
      return [`meta l4proto ${protocol} ct original proto-dst vmap { ${ports} }`];
    }),
  }));
  return [...pools, ...vips];
}

function balancesOwnCalls({ ownCalls }: LbService): boolean {
  return ownCalls === true;
}

/** Services by VIP, in configuration order. */
function byVipOf(services: LbService[]): Map<string, LbService[]> {
  return groupBy(services, ({ vip }) => vip);
}
