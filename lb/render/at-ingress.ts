import { ingressDevices } from '../facts/facts.ts';
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
import { takesNewFlows } from './served.ts';

/** For replies created here (net.ipv4.ip_default_ttl). */
const TTL = 64;
/** Mark of packets that the host's own stack rejects before anything else sees them; never leaves the host. */
const REFUSED = markOfText('refused');
const MARK_REFUSED = `meta mark set ${REFUSED}`;
/** Position of the source MAC, in bits from the link header: scratch space while a frame is sent back. */
const SCRATCH = '@ll,48,32';
/** Positions of the 32-bit words of source and destination address, in bits from the network header. */
const WORDS = {
  4: [[96, 128]],
  6: [0, 32, 64, 96].map((word) => [64 + word, 192 + word]),
};

/** Rule for packets to a VIP without a server, if the VIP is handled only at ingress. */
export function unservedRules(input: RenderInput, { ip, version }: Family): string[] {
  const vips = ofFamily(input, version);
  // A switch forwards frames for other hosts.
  const macs = macsOf(input);
  if (vips.length === 0 || macs.size === 0) return [];
  return [`ether daddr { ${[...macs].join(', ')} } ${ip} daddr { ${vips.join(', ')} } goto end${version}`];
}

/**
 * Handles packets without a server for VIPs that the host does not own: echo requests are answered on the path that
 * they came by, whatever the host's routes, and the rest is marked for `rejectMarked`.
 */
export function renderUnserved(input: RenderInput): Part {
  const families = FAMILIES.map((family) => ({ family, vips: ofFamily(input, family.version) })).filter(
    ({ vips }) => vips.length > 0,
  );
  if (families.length === 0) return joinParts();
  // Of all packets to a VIP, only those of the host itself pass here.
  const own = families.map(({ family: { ip }, vips }) => `${ip} daddr { ${vips.join(', ')} } ${MARK_REFUSED}`);
  return joinParts(...families.map(({ family, vips }) => unservedPart(input, family, vips)), {
    maps: [],
    chains: deviceChain('own', ['lo'], { place: 'ingress', facts: input.facts }, own),
  });
}

/**
 * Chain that rejects marked packets before the host's connection tracking and routing. Many kernels cannot reject at
 * ingress (CONFIG_NFT_REJECT_NETDEV).
 */
export function rejectMarked({ config }: RenderInput): Chain[] {
  if (vipsAtIngress(config).size === 0) return [];
  const rules = [`meta mark ${REFUSED} meta mark set 0 goto refuse`];
  return [{ name: 'marked', hook: 'type filter hook prerouting priority raw', rules }];
}

function unservedPart(input: RenderInput, family: Family, vips: string[]): Part {
  const { version } = family;
  const icmp = version === 4 ? 'icmp' : 'icmpv6';
  const known = new Set(vips);
  const served = input.config.services.filter((service) => known.has(service.vip) && takesNewFlows(input, service));
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
      { name: `back${version}`, hook: null, rules: sendBack(input, family) },
      {
        name: `end${version}`,
        hook: null,
        rules: [
          `${icmp} type echo-request ${icmp} type set echo-reply goto back${version}`,
          // Only echo requests are long enough to be fragmented, and only the first fragment shows the type.
          `meta l4proto ${icmp} ${laterFragment(family)} goto back${version}`,
          // Includes neighbour discovery for a VIP, which the host's own stack answers.
          `meta l4proto ${icmp} accept`,
          // A packet may miss the map lookup while rules change. Its sender retransmits it.
          `${packetKey(version)} @${carried} counter drop`,
          MARK_REFUSED,
        ],
      },
    ],
  };
}

/** Sends a packet back to its source. Swapping addresses does not change checksums. */
function sendBack({ facts }: RenderInput, { version }: Family): string[] {
  const macOf = new Map(facts.interfaces.map(({ name, mac }) => [name, mac]));
  const arriving = new Set(ingressDevices(facts));
  const macs = facts.interfaces
    .filter(({ name, mac }) => arriving.has(name) && mac !== '')
    // A bridge uses its own MAC on every port.
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

/** Destination MACs of frames for this host. */
/** Destination MACs of frames for this host. */
export function macsOf({ facts }: RenderInput): Set<string> {
  return new Set(facts.interfaces.filter(({ mac }) => mac !== '').map(({ mac }) => mac));
}

function ofFamily({ config }: RenderInput, version: 4 | 6): string[] {
  return [...vipsAtIngress(config)].filter((vip) => familyOf(vip).version === version);
}
