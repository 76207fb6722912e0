import type { LbServer, LbService } from '../terms/config.ts';
import { ingressDevices } from '../facts/facts.ts';
import { isDirect, vipsAtIngress } from '../terms/mode.ts';
import { unservedRules, macsOf } from './at-ingress.ts';
import { choose, chooseQuoted, markChosen } from './choose.ts';
import { clampRules } from './clamp.ts';
import { deviceChain } from './device-chain.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { addFlow, closedChain, flowMaps, flowTable, keepChains, NO_SYN, QUOTED_KEYS, shortCut } from './flow-table.ts';
import { forwardPart, sendTo } from './forward.ts';
import { firstFragment, firstFragmentRules6, followRule, fragmentMap, storeServerRule, whole } from './fragments.ts';
import type { RenderInput } from './input.ts';
import {
  isMember,
  isNotOut,
  isPlain,
  memberKey,
  memberMaps,
  memberSets,
  reusesPorts,
  serviceMember,
} from './members.ts';
import { markOf } from '../terms/mark.ts';
import { joinParts } from './part.ts';
import { remember } from './remember.ts';
import { hasServerOut, servesFlows, takesNewFlows } from './served.ts';
import { stickyMap } from './persistence.ts';
import type { Chain, Part } from './ruleset.ts';
import { dispatchElement, packetKey, serviceKeyType } from './service-key.ts';

/**
 * Modes dsr, l3dsr and ipip: at ingress, before the host's own stack sees the frame, the destination MAC is replaced by
 * the server's (dsr), or the destination address by the server's, with a DSCP value for the VIP (l3dsr), or the packet
 * gets a mark that routes it into a tunnel (ipip). A map keeps each flow on its server.
 */
export function renderDsr(input: RenderInput): Part {
  const services = input.config.services.filter(isDirect);
  if (services.length === 0) return joinParts();
  const perFamily = FAMILIES.flatMap((family) => {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    return here.length === 0 ? [] : [{ family, here }];
  });
  // All traffic passes here, including servers' replies: packets to other addresses than VIPs must need only one
  // lookup. Frames for other hosts are left alone: a switch floods frames for unknown ports, also to other load
  // balancers.
  const forHost = isForHost(input);
  const ingress = perFamily.map(({ family, here }) => {
    const vips = new Set(here.map(({ vip }) => vip));
    return `${family.ip} daddr { ${[...vips].join(', ')} } ${forHost}goto ${chainOf(family)}`;
  });
  const rules = [...ingress, ...untracked(input, services)];
  const { facts } = input;
  return joinParts(
    ...perFamily.map(({ family, here }) => familyPart(input, family, here)),
    forwardPart(input, services),
    ...perFamily.map(({ family, here }) => entrance(input, family, here)),
    { maps: [], chains: deviceChain('ingress', ingressDevices(facts), { place: 'ingress', facts }, rules) },
  );
}

/** Matches frames for this host; null if an interface has frames without MACs, as tunnels do. */
function isForHost(input: RenderInput): string {
  const { interfaces } = input.facts;
  const devices = ingressDevices(input.facts);
  const allHaveMacs = interfaces.every(({ name, mac }) => mac !== '' || !devices.includes(name));
  return allHaveMacs ? `ether daddr { ${[...macsOf(input)].join(', ')} } ` : '';
}

/**
 * Servers' replies that pass the host: tracking would cost more than forwarding, and the host's own firewall would
 * consider them invalid, since conntrack has not seen the request.
 */
function untracked({ config }: RenderInput, services: LbService[]): string[] {
  const vips = vipsAtIngress(config);
  return FAMILIES.flatMap((family) => {
    const here = new Set(services.map(({ vip }) => vip).filter((vip) => familyOf(vip) === family && vips.has(vip)));
    return here.size > 0 ? [`${family.ip} saddr { ${[...here].join(', ')} } notrack`] : [];
  });
}

function chainOf({ version }: Family): string {
  return `vip${version}`;
}

/** Rule that jumps to the chain of the packet's service. */
function dispatch({ version }: Family): string {
  return `${packetKey(version)} vmap @services${version}`;
}

/** The chain for packets to a VIP. Known flows are first, since most packets belong to one. */
function entrance(input: RenderInput, family: Family, services: LbService[]): Part {
  const protocols = protocolsOf(services);
  const shortCuts = protocols.map((protocol) => shortCutFor(input, family, protocol, services));
  const udp = services.filter(({ protocol }) => protocol === 'udp');
  const sendsPlain = udp.some(isPlain) ? sendPlain(input, family, 'udp') : null;
  const elsewhere = protocols.flatMap((protocol) => quotedElsewhere(input, family, protocol, services));
  const rules = [
    ...clampRules(input, family, services),
    ...shortCuts.flatMap((part) => part.rules),
    ...shortCuts.flatMap((part) => part.later),
    ...(family.version === 6 && udp.length > 0 ? firstFragmentRules6(sendsPlain, !udp.every(isPlain)) : []),
    ...protocols.flatMap((protocol) => known(input, family, protocol, services)),
    dispatch(family),
    followRule(family),
    ...protocols.map((p) => quoted(family, p)),
    ...elsewhere.map(({ protocol, chain }) => `${errorAbout(family, protocol)} goto ${chain.name}`),
    `goto ${unserved(family)}`,
  ];
  const rest = [
    // The host may route by mark, and a flow known here may since have become one with NAT.
    'meta mark set 0',
    ...unservedRules(input, family),
  ];
  const chains = [
    { name: unserved(family), hook: null, rules: rest },
    ...elsewhere.map(({ chain }) => chain),
    ...shortCuts.flatMap((part) => part.chains),
    { name: chainOf(family), hook: null, rules },
  ];
  return { maps: [], chains };
}

/** Chain for packets to a VIP that have no server. */
function unserved({ version }: Family): string {
  return `unserved${version}`;
}

/** For packets of known flows that only need their server's MAC. */
function shortCutFor(input: RenderInput, family: Family, protocol: 'tcp' | 'udp', services: LbService[]) {
  const here = services.filter((service) => service.protocol === protocol);
  if (!here.some(isPlain)) return { rules: [], later: [], chains: [] };
  const table = flowTable(family, protocol);
  const someOut = here.some((service) => hasServerOut(input, service));
  return shortCut(table, input.config, {
    match: whole(family),
    first: family.version === 4 ? firstFragment(family) : null,
    leave: storeServerRule(family),
    found: `meta mark set ${table.key} map @${table.flows}${isNotOut(family, protocol, someOut)} `,
    send: sendPlain(input, family, protocol),
    // Flows of other services are looked up first.
    otherwise: here.every(isPlain) ? [dispatch(family)] : [],
  });
}

/** Statement that sends and counts a packet of a plain service, if the server in `meta mark` is still a member. */
function sendPlain(input: RenderInput, family: Family, protocol: 'tcp' | 'udp'): string {
  return sendTo(input, family, `${memberKey(family)} map @${memberMaps(family, protocol).addresses}`);
}

/** For other services: finds the server without looking up the service. */
function known(input: RenderInput, family: Family, protocol: 'tcp' | 'udp', services: LbService[]): string[] {
  const here = services.filter((service) => service.protocol === protocol);
  if (here.every(isPlain)) return [];
  const { key, flows, keep } = flowTable(family, protocol);
  const someOut = here.some((service) => hasServerOut(input, service));
  const found = `meta mark set ${key} map @${flows} ${isMember(family, protocol, someOut)}`;
  return [`meta l4proto ${protocol} ${found} goto ${keep}`];
}

/** ICMP errors about a server's reply are addressed to the VIP; only the server of the quoted flow can use them. */
function quoted(family: Family, protocol: 'tcp' | 'udp'): string {
  const { flows, forward } = flowTable(family, protocol);
  return `${errorAbout(family, protocol)} meta mark set ${QUOTED_KEYS[family.version]} map @${flows} goto ${forward}`;
}

/**
 * The same for flows of another load balancer, since routers hash ICMP errors by addresses only. A scheduler by hash
 * finds their servers anyway. In a separate chain, because it has a rule per service and few packets are errors.
 */
function quotedElsewhere(
  input: RenderInput,
  family: Family,
  protocol: 'tcp' | 'udp',
  services: LbService[],
): { protocol: 'tcp' | 'udp'; chain: Chain }[] {
  const { forward } = flowTable(family, protocol);
  const quotedPort = { 4: '@th,224,16', 6: '@th,384,16' }[family.version];
  const rules = services.flatMap((service) => {
    const choice = chooseQuoted(service);
    if (
      choice === null ||
      service.protocol !== protocol ||
      !servesFlows(input, service) ||
      !takesNewFlows(input, service)
    )
      return [];
    const from = `${family.ip} daddr ${service.vip} ${quotedPort} ${service.port}`;
    return [`${from} meta mark set ${choice} goto ${forward}`];
  });
  if (rules.length === 0) return [];
  const name = `elsewhere.${protocol}${family.version}`;
  return [{ protocol, chain: { name, hook: null, rules: [...rules, `goto ${unserved(family)}`] } }];
}

function errorAbout({ version }: Family, protocol: 'tcp' | 'udp'): string {
  const number = { tcp: 6, udp: 17 }[protocol];
  return {
    4: `icmp type { destination-unreachable, time-exceeded, parameter-problem } @th,136,8 ${number}`,
    6: `icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } @th,112,8 ${number}`,
  }[version];
}

function familyPart(input: RenderInput, family: Family, services: LbService[]): Part {
  const served = services.filter((service) => servesFlows(input, service));
  return joinParts(
    ...protocolsOf(services).map((protocol) => {
      const table = flowTable(family, protocol);
      const here = served.filter((service) => service.protocol === protocol);
      const maps = [...flowMaps(input.config, table, protocol), ...memberSets(input, family, protocol, here)];
      const someOthers = services.some((service) => service.protocol === protocol && !isPlain(service));
      return { maps, chains: someOthers ? keepChains(table, input.config) : [] };
    }),
    ...served.map((service) => servicePart(input, service)),
    {
      maps: [
        fragmentMap(family),
        {
          name: `services${family.version}`,
          kind: 'map',
          spec: [`type ${serviceKeyType(services[0]!.vip)} : verdict`],
          elements: served.map((service) => dispatchElement(input, service)),
        },
      ],
      chains: [],
    },
  );
}

const servicePart = remember((input: RenderInput, service: LbService): Part => {
  const value = ({ address }: LbServer) => markOf(address);
  const { protocol } = service;
  const family = familyOf(service.vip);
  const table = flowTable(family, protocol);
  const { key, flows, closing, forward } = table;
  const { again, newFlows, forgotten } = memberMaps(family, protocol);
  const sticky = stickyMap(service);
  const member = memberKey(family);
  const lookUp = [
    ...(closing === null ? [] : [`${NO_SYN} meta mark set ${key} map @${closing}${toClosed(input, service)}`]),
    // The flow is new, or its server was removed: an element's value cannot be changed, only replaced.
    `meta mark != 0 delete @${flows} { ${key} : meta mark } meta mark set 0`,
  ];
  const name = `to.${service.name}`;
  if (!takesNewFlows(input, service)) {
    return { maps: [], chains: [{ name, hook: null, rules: [...lookUp, `goto ${unserved(family)}`] }] };
  }
  const choice = choose(input, service, { type: 'meta mark', value });
  const add = `${member} @${newFlows} ${addFlow(table, input.config)} goto ${forward}`;
  const decide = [
    ...(closing === null || !reusesPorts(service)
      ? []
      : // The last flow of the same port was on a server that takes new ones.
        [`meta mark set ${key} map @${closing} ${member} @${again} ${add}`, 'meta mark set 0']),
    ...markChosen(choice),
  ];
  const store = [
    // A closed flow from the same port: its last packets belonged to another server.
    ...(closing === null ? [] : [`delete @${closing} { ${key} : meta mark }`]),
    add,
    // The table is full.
    `${serviceMember(family)} @${forgotten}`,
    `meta mark set ${choice.byHash}`,
    `goto ${forward}`,
  ];
  if (!sticky) return { maps: choice.maps, chains: [{ name, hook: null, rules: [...lookUp, ...decide, ...store] }] };
  const remembered = `remember.${service.name}`;
  const rules = [
    ...lookUp,
    `meta mark set ${sticky.key} map @${sticky.name}`,
    `${member} @${again} goto ${remembered}`,
    `delete @${sticky.name} { ${sticky.key} : meta mark } meta mark set 0`,
    ...decide,
    `goto ${remembered}`,
  ];
  const update = `update @${sticky.name} { ${sticky.key} : meta mark }`;
  return {
    maps: [...choice.maps, sticky.map],
    chains: [
      { name: remembered, hook: null, rules: [update, ...store] },
      { name, hook: null, rules },
    ],
  };
});

/** Rest of a rule for packets of closed flows: matches if the server is still in the service, and continues there. */
function toClosed(input: RenderInput, service: LbService): string {
  const family = familyOf(service.vip);
  const { protocol } = service;
  const table = flowTable(family, protocol);
  const someOut = hasServerOut(input, service);
  if (isPlain(service)) return `${isNotOut(family, protocol, someOut)} jump ${closedChain(table)}`;
  return ` ${isMember(family, protocol, someOut)} goto closed.${table.keep}`;
}

function protocolsOf(services: LbService[]): ('tcp' | 'udp')[] {
  return (['tcp', 'udp'] as const).filter((protocol) => services.some((service) => service.protocol === protocol));
}
