import type { LbServer, LbService } from '../terms/config.ts';
import { isDirect, vipsAtIngress } from '../terms/mode.ts';
import { rejectMarked } from './at-ingress.ts';
import { FAMILIES, familyOf } from './family.ts';
import type { RenderInput } from './input.ts';
import { serversIn } from './input.ts';
import { joinLists, joinParts } from './part.ts';
import { remember } from './remember.ts';
import { takesNewFlows } from './served.ts';
import type { Chain, Part } from './ruleset.ts';
import { packetKey, serviceElement, serviceKeyType } from './service-key.ts';

/**
 * Immediate rejection by TCP reset or ICMP port unreachable: for services without a server for new flows, for flows
 * that conntrack keeps on a server that is out, and for ports without a service on a VIP that the host does not own
 * (otherwise the route needed for proxy ARP would loop them). at-ingress.ts handles packets that only meet ingress
 * rules.
 */
export function renderRefusals(input: RenderInput): Part {
  const vipOwner = input.config.vipOwner !== false;
  const atIngress = vipsAtIngress(input.config);
  const parts = FAMILIES.flatMap((family): Part[] => {
    const here = input.config.services.filter(({ vip }) => familyOf(vip) === family && !atIngress.has(vip));
    if (here.length === 0) return [];
    const refused = `refused${family.version}`;
    const carried = `carried${family.version}`;
    const vips = [...new Set(here.map(({ vip }) => vip))].join(', ');
    const key = packetKey(family.version);
    const balanced = here.filter(({ ownCalls }) => ownCalls === true);
    const strays: Chain = {
      name: `stray${family.version}`,
      hook: null,
      rules: [
        `${key} @${refused} counter goto refuse`,
        // A packet may miss the map lookup while rules change. Its sender retransmits it, unless the host's own stack
        // rejects it.
        `${key} @${carried} counter drop`,
        ...(vipOwner ? [] : [`${family.ip} daddr { ${vips} } goto refuse`]),
      ],
    };
    // At this hook only packets without a server still have the VIP as destination: other packets need at most one
    // lookup.
    const { hook, stray } = vipOwner ? { hook: 'input', stray: 'iif != "lo"' } : { hook: 'forward', stray: 'oif "lo"' };
    const chains: Chain[] = [
      strays,
      {
        name: `${hook}${family.version}`,
        hook: `type filter hook ${hook} priority filter - 10`,
        rules: [
          `${stray} goto ${strays.name}`,
          ...(balanced.length > 0 ? [`${key} @own${family.version} goto ${strays.name}`] : []),
        ],
      },
    ];
    // IPv6 rejects packets routed to `lo` itself: nothing reaches the forward hook.
    if (!vipOwner && family.version === 6) {
      chains.push({
        name: 'new6',
        hook: 'type nat hook prerouting priority dstnat - 10',
        rules: [`${key} @${refused} counter goto refuse`],
      });
    }
    const rules = joinLists(here.map((service) => cuts(input, service)));
    if (rules.length > 0) {
      // Traffic of the host to itself: rejections of its own flows must pass.
      const ofOthers = balanced.length > 0 ? ['iif "lo" accept', ...rules] : rules;
      const hook = 'type filter hook prerouting priority dstnat - 10';
      chains.push({ name: `cut${family.version}`, hook, rules: ofOthers });
    }
    const ownRules = joinLists(balanced.map((service) => cuts(input, service))).map(
      (r) => `ct direction original ${r}`,
    );
    if (ownRules.length > 0) {
      chains.push({ name: `ownCut${family.version}`, hook: 'type filter hook output priority -110', rules: ownRules });
    }
    const set = (name: string, services: LbService[]) => ({
      name,
      kind: 'set' as const,
      spec: [`type ${serviceKeyType(here[0]!.vip)}`],
      elements: services.map((service) => serviceElement(input, service)),
    });
    const served = (service: LbService) => takesNewFlows(input, service);
    const maps = [
      set(
        refused,
        here.filter((service) => !served(service)),
      ),
      set(carried, here.filter(served)),
      ...(balanced.length > 0 ? [set(`own${family.version}`, balanced)] : []),
    ];
    return [{ maps, chains }];
  });
  const refuse: Chain = {
    name: 'refuse',
    hook: null,
    rules: ['meta l4proto tcp reject with tcp reset', 'reject with icmpx port-unreachable'],
  };
  return joinParts({ maps: [], chains: [refuse, ...rejectMarked(input)] }, ...parts);
}

/** Flows of a server that is out. In direct modes the flow map assigns them to another server, which resets them. */
const cuts = remember((input, service) => serversIn(input, service, 'out').flatMap((server) => cut(service, server)));

function cut(service: LbService, { address }: LbServer): string[] {
  if (isDirect(service)) return [];
  const { ip } = familyOf(service.vip);
  return [
    `meta l4proto ${service.protocol} ct status dnat ct original ${ip} daddr ${service.vip} ` +
      `ct original proto-dst ${service.port} ct reply ${ip} saddr ${address} goto refuse`,
  ];
}
