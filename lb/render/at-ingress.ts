import { ingressDevices } from '../terms/facts.ts';
import { vipsAtIngress } from '../terms/mode.ts';
import { deviceChain } from './device-chain.ts';
import type { Family } from './family.ts';
import { FAMILIES, familyOf } from './family.ts';
import { laterFragment } from './fragments.ts';
import type { RenderInput } from './input.ts';
import { markOfText } from '../terms/mark.ts';
import { joinParts } from './part.ts';
import type { Chain, Part } from './ruleset.ts';
import { packetKey, serviceElement, serviceKeyType } from './service-key.ts';
import { isServed } from './served.ts';

/** For answers that begin here (net.ipv4.ip_default_ttl). */
const TTL = 64;
/**
 * Mark of a packet that the host's own stack refuses before anything else is made of it: it comes from the same host, and
 * goes no further.
 */
const REFUSED = markOfText('refused');
const MARK_REFUSED = `meta mark set ${REFUSED}`;
/** Where the source MAC is, in bits from the link header; free for a moment while a frame is turned round. */
const SCRATCH = '@ll,48,32';
/** Where the 32-bit words of source and destination address are, in bits from the network header. */
const WORDS = {
  4: [[96, 128]],
  6: [0, 32, 64, 96].map((word) => [64 + word, 192 + word]),
};

/** Rule for packets to a VIP that found no server, where the load balancer deals with all of them at ingress. */
export function endRules(input: RenderInput, { ip, version }: Family): string[] {
  const vips = ofFamily(input, version);
  // A switch passes frames on that are for others.
  const macs = macsOf(input);
  if (vips.length === 0 || macs.size === 0) return [];
  return [`ether daddr { ${[...macs].join(', ')} } ${ip} daddr { ${vips.join(', ')} } goto end${version}`];
}

/**
 * What no server gets of all that is sent to VIPs which the host does not own: echo requests go back answered the way that
 * they came, whatever the host's own routes say, and the rest is marked for `refuseMarked`.
 */
export function renderEnds(input: RenderInput): Part {
  const families = FAMILIES.map((family) => ({ family, vips: ofFamily(input, family.version) })).filter(
    ({ vips }) => vips.length > 0,
  );
  if (families.length === 0) return joinParts();
  // What the host itself sends to a VIP comes by here; nothing else that is for one does.
  const own = families.map(({ family: { ip }, vips }) => `${ip} daddr { ${vips.join(', ')} } ${MARK_REFUSED}`);
  return joinParts(...families.map(({ family, vips }) => endPart(input, family, vips)), {
    maps: [],
    chains: deviceChain('own', ['lo'], { place: 'ingress', facts: input.facts }, own),
  });
}

/**
 * Chain that refuses what is marked, before the host's connection tracking and routing. Many kernels cannot refuse at
 * ingress itself (CONFIG_NFT_REJECT_NETDEV).
 */
export function refuseMarked({ config }: RenderInput): Chain[] {
  if (vipsAtIngress(config).size === 0) return [];
  const rules = [`meta mark ${REFUSED} meta mark set 0 goto refuse`];
  return [{ name: 'marked', hook: 'type filter hook prerouting priority raw', rules }];
}

function endPart(input: RenderInput, family: Family, vips: string[]): Part {
  const { version } = family;
  const icmp = version === 4 ? 'icmp' : 'icmpv6';
  const known = new Set(vips);
  const served = input.config.services.filter((service) => known.has(service.vip) && isServed(input, service));
  const carried = `carried${version}`;
  return {
    maps: [
      {
        name: carried,
        kind: 'set',
        spec: [`type ${serviceKeyType(vips[0]!)}`],
        elements: served.map((service) => serviceElement(input, service)),
      },
    ],
    chains: [
      { name: `back${version}`, hook: null, rules: turnRound(input, family) },
      {
        name: `end${version}`,
        hook: null,
        rules: [
          `${icmp} type echo-request ${icmp} type set echo-reply goto back${version}`,
          // Only an echo is so long that it comes in fragments, of which the first alone says what it is.
          `meta l4proto ${icmp} ${laterFragment(family)} goto back${version}`,
          // Neighbours ask for a VIP as well, and the host's own stack answers.
          `meta l4proto ${icmp} accept`,
          // A packet that looks a map up in the very moment in which rules change may miss it. Its sender repeats it.
          `${packetKey(version)} @${carried} counter drop`,
          MARK_REFUSED,
        ],
      },
    ],
  };
}

/** Sends a packet back where it came from. Swapping addresses leaves checksums as they are. */
function turnRound({ facts }: RenderInput, { version }: Family): string[] {
  const macOf = new Map(facts.interfaces.map(({ name, mac }) => [name, mac]));
  const arriving = new Set(ingressDevices(facts));
  const macs = facts.interfaces
    .filter(({ name, mac }) => arriving.has(name) && mac !== '')
    // A bridge speaks with its own, whatever port a frame comes by.
    .map(({ index, mac, master }) => `${index} : ${macOf.get(master ?? '') ?? mac}`);
  if (macs.length === 0) return ['drop'];
  const swaps = WORDS[version].map(
    ([source, destination]) =>
      `${SCRATCH} set @nh,${source},32 @nh,${source},32 set @nh,${destination},32 @nh,${destination},32 set ${SCRATCH}`,
  );
  return [
    `ether daddr set ether saddr`,
    ...swaps,
    `ether saddr set meta iif map { ${macs.join(', ')} }`,
    `${version === 4 ? 'ip ttl' : 'ip6 hoplimit'} set ${TTL}`,
    'fwd to meta iif',
  ];
}

/** Addresses that frames for the host have. */
/** MACs that frames for this host have. */
export function macsOf({ facts }: RenderInput): Set<string> {
  return new Set(facts.interfaces.filter(({ mac }) => mac !== '').map(({ mac }) => mac));
}

function ofFamily({ config }: RenderInput, version: 4 | 6): string[] {
  return [...vipsAtIngress(config)].filter((vip) => familyOf(vip).version === version);
}
