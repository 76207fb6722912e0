import type { LbServer, LbService } from '../terms/config.ts';
import { ingressDevices } from '../terms/facts.ts';
import { isDirect, vipsAtIngress } from '../terms/mode.ts';
import { endRules, macsOf } from './at-ingress.ts';
import { choose, chooseQuoted, markChosen } from './choose.ts';
import { clampRules } from './clamp.ts';
import { deviceChain } from './device-chain.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { addFlow, closedChain, flowMaps, flowTable, keepChains, NO_SYN, QUOTED_KEYS, shortCut } from './flow-table.ts';
import { forwardPart, sendTo } from './forward.ts';
import { firstFragment, firstFragmentRules6, followRule, fragmentMap, leaveRule, whole } from './fragments.ts';
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
import { hasOut, isCarried, isServed } from './served.ts';
import { stickyMap } from './persistence.ts';
import type { Chain, Part } from './ruleset.ts';
import { dispatchElement, packetKey, serviceKeyType } from './service-key.ts';

/**
 * Modes dsr, l3dsr and ipip: at ingress, before the host's own stack sees the frame, the destination MAC becomes the server's,
 * or the destination address with a DSCP value that names the VIP, or the packet gets a mark
 * that leads it into a tunnel. A map keeps each flow on its server.
 */
export function renderDsr(input: RenderInput): Part {
  const services = input.config.services.filter(isDirect);
  if (services.length === 0) return joinParts();
  const perFamily = FAMILIES.flatMap((family) => {
    const here = services.filter(({ vip }) => familyOf(vip) === family);
    return here.length === 0 ? [] : [{ family, here }];
  });
  // All traffic comes by here, replies of the servers as well: one look must do for packets to no VIP. Of those to one,
  // frames for others are theirs: a switch floods what it does not know the port of, to other load balancers as well.
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

/** Match of frames for this host; none where an interface has frames without MACs, as tunnels do. */
function isForHost(input: RenderInput): string {
  const { interfaces } = input.facts;
  const devices = ingressDevices(input.facts);
  const allHaveMacs = interfaces.every(({ name, mac }) => mac !== '' || !devices.includes(name));
  return allHaveMacs ? `ether daddr { ${[...macsOf(input)].join(', ')} } ` : '';
}

/**
 * A server's reply on its way through: to track it would cost more than to forward it, and the host's own firewall would
 * take it for invalid, since conntrack has seen no request.
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

/** Rule that leads to the chain of the packet's service. */
function dispatch({ version }: Family): string {
  return `${packetKey(version)} vmap @services${version}`;
}

/** The chain for packets to a VIP. Those of known flows come first, since most packets are. */
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
    // The host may route by marks, and a flow that is known here may be one that it translates by now.
    'meta mark set 0',
    ...endRules(input, family),
  ];
  const chains = [
    { name: unserved(family), hook: null, rules: rest },
    ...elsewhere.map(({ chain }) => chain),
    ...shortCuts.flatMap((part) => part.chains),
    { name: chainOf(family), hook: null, rules },
  ];
  return { maps: [], chains };
}

/** Chain for packets to a VIP that no server gets. */
function unserved({ version }: Family): string {
  return `unserved${version}`;
}

/** For packets of known flows that need no more than their server's MAC. */
function shortCutFor(input: RenderInput, family: Family, protocol: 'tcp' | 'udp', services: LbService[]) {
  const here = services.filter((service) => service.protocol === protocol);
  if (!here.some(isPlain)) return { rules: [], later: [], chains: [] };
  const table = flowTable(family, protocol);
  const someOut = here.some((service) => hasOut(input, service));
  return shortCut(table, input.config, {
    match: whole(family),
    first: family.version === 4 ? firstFragment(family) : null,
    leave: leaveRule(family),
    found: `meta mark set ${table.key} map @${table.flows}${isNotOut(family, protocol, someOut)} `,
    send: sendPlain(input, family, protocol),
    // Flows of the others are looked for first.
    otherwise: here.every(isPlain) ? [dispatch(family)] : [],
  });
}

/** Statement that sends and counts a packet of a plain service, if the server in `meta mark` still is in it. */
function sendPlain(input: RenderInput, family: Family, protocol: 'tcp' | 'udp'): string {
  return sendTo(input, family, `${memberKey(family)} map @${memberMaps(family, protocol).addresses}`);
}

/** For the others: they find their server without looking for the service. */
function known(input: RenderInput, family: Family, protocol: 'tcp' | 'udp', services: LbService[]): string[] {
  const here = services.filter((service) => service.protocol === protocol);
  if (here.every(isPlain)) return [];
  const { key, flows, keep } = flowTable(family, protocol);
  const someOut = here.some((service) => hasOut(input, service));
  const found = `meta mark set ${key} map @${flows} ${isMember(family, protocol, someOut)}`;
  return [`meta l4proto ${protocol} ${found} goto ${keep}`];
}

/** An ICMP error about a server's reply comes to the VIP; only the server of the flow that it quotes can use it. */
function quoted(family: Family, protocol: 'tcp' | 'udp'): string {
  const { flows, forward } = flowTable(family, protocol);
  return `${errorAbout(family, protocol)} meta mark set ${QUOTED_KEYS[family.version]} map @${flows} goto ${forward}`;
}

/**
 * The same of flows that come by another load balancer: routers spread errors by addresses alone. Who picks by the same hash
 * knows their servers anyway. A chain of its own, since it has a rule for each service and few packets are errors.
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
    if (choice === null || service.protocol !== protocol || !isCarried(input, service) || !isServed(input, service))
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
  const served = services.filter((service) => isCarried(input, service));
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
    // The flow is new, or its server has left: an element's value cannot be changed, only replaced.
    `meta mark != 0 delete @${flows} { ${key} : meta mark } meta mark set 0`,
  ];
  const name = `to.${service.name}`;
  if (!isServed(input, service)) {
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
    // Of a flow that came from the same port before: its last packets were to go to another server.
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

/** Rest of a rule for packets of flows that are over: matches one whose server stays in the service, and leads it on. */
function toClosed(input: RenderInput, service: LbService): string {
  const family = familyOf(service.vip);
  const { protocol } = service;
  const table = flowTable(family, protocol);
  const someOut = hasOut(input, service);
  if (isPlain(service)) return `${isNotOut(family, protocol, someOut)} jump ${closedChain(table)}`;
  return ` ${isMember(family, protocol, someOut)} goto closed.${table.keep}`;
}

function protocolsOf(services: LbService[]): ('tcp' | 'udp')[] {
  return (['tcp', 'udp'] as const).filter((protocol) => services.some((service) => service.protocol === protocol));
}
