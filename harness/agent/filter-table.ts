import { IP_IN_IP } from '../terms/tunnel.ts';
import { FILTER_PROTOCOLS, type FilterRule, type IcmpType } from '../terms/filter.ts';

interface Family {
  ip: 'ip' | 'ip6';
  nfproto: 'ipv4' | 'ipv6';
  icmp: 'icmp' | 'icmpv6';
  types: Record<IcmpType, string>;
}

const FAMILIES: Family[] = [
  {
    ip: 'ip',
    nfproto: 'ipv4',
    icmp: 'icmp',
    types: {
      'echo-request': 'icmp type echo-request',
      'echo-reply': 'icmp type echo-reply',
      unreachable: 'icmp type destination-unreachable icmp code != frag-needed',
      'too-big': 'icmp type destination-unreachable icmp code frag-needed',
      'time-exceeded': 'icmp type time-exceeded',
      redirect: 'icmp type redirect',
    },
  },
  {
    ip: 'ip6',
    nfproto: 'ipv6',
    icmp: 'icmpv6',
    types: {
      'echo-request': 'icmpv6 type echo-request',
      'echo-reply': 'icmpv6 type echo-reply',
      unreachable: 'icmpv6 type destination-unreachable',
      'too-big': 'icmpv6 type packet-too-big',
      'time-exceeded': 'icmpv6 type time-exceeded',
      redirect: 'icmpv6 type nd-redirect',
    },
  },
];

/** Never filtered, because labs need it to work: multicast (VRRP, connection sync), neighbour discovery, `lo`. */
const EXEMPT = [
  'iif "lo" accept',
  'ip daddr 224.0.0.0/4 accept',
  'ip6 daddr ff00::/8 accept',
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
];

/**
 * Rules of a node's filter. Rules that block have counters named `ruleN`. They apply before the node's stateful
 * firewall and after the load balancer's own rules.
 */
export function filterTable(filter: FilterRule[]): string {
  const numbered = filter.map((rule, index) => ({ rule, counter: `rule${index + 1}` }));
  const counters = numbered.flatMap(({ rule, counter }) =>
    rule.action === 'accept' ? [] : [`  counter ${counter} {}`],
  );
  const rules = numbered.flatMap(({ rule, counter }) => FAMILIES.flatMap((family) => rulesFor(rule, family, counter)));
  const chain = (hook: string): string => `  chain ${hook} {
    type filter hook ${hook} priority filter - 5; policy accept;
    jump rules
  }`;
  return `table inet l4lab_filter {
${counters.join('\n')}
  chain rules {
    ${[...EXEMPT, ...rules].join('\n    ')}
  }
${['input', 'forward'].map(chain).join('\n')}
}
`;
}

/** A rule in one family: empty if it only has addresses of the other one. */
function rulesFor(rule: FilterRule, family: Family, counter: string): string[] {
  const [from, to] = [rule.from, rule.to].map((networks) => networks?.filter((net) => isOf(family, net)));
  if (from?.length === 0 || to?.length === 0) return [];
  const ends = [
    `meta nfproto ${family.nfproto}`,
    ...(from === undefined ? [] : [`${family.ip} saddr { ${from.join(', ')} }`]),
    ...(to === undefined ? [] : [`${family.ip} daddr { ${to.join(', ')} }`]),
  ].join(' ');
  const withPorts = (protocol: 'tcp' | 'udp'): string =>
    rule.port === undefined ? `meta l4proto ${protocol}` : `${protocol} dport ${rule.port}`;
  const ofIcmp = rule.type === undefined ? `meta l4proto ${family.icmp}` : family.types[rule.type];
  const ofTunnel = `meta l4proto { ${IP_IN_IP[4]}, ${IP_IN_IP[6]} }`;
  const all = { tcp: withPorts('tcp'), udp: withPorts('udp'), icmp: ofIcmp, ipip: ofTunnel };
  const protocols = rule.protocol === undefined ? FILTER_PROTOCOLS : [rule.protocol];
  return protocols.map((protocol) => `${ends} ${all[protocol]} ${verdict(rule, protocol, counter)}`);
}

/** nft's default rejection, except a reset for TCP, which makes callers fail immediately. */
function verdict({ action }: FilterRule, protocol: (typeof FILTER_PROTOCOLS)[number], counter: string): string {
  if (action === 'accept') return action;
  const refusal = protocol === 'tcp' ? 'reject with tcp reset' : 'reject with icmpx port-unreachable';
  return `counter name ${counter} ${action === 'drop' ? action : refusal}`;
}

function isOf({ ip }: Family, network: string): boolean {
  return network.includes(':') === (ip === 'ip6');
}
