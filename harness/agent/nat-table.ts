import type { NatPlan } from '../terms/plan.ts';

/**
 * Source NAT: the first packet of a connection that leaves by the outside is given its source there, and conntrack does the
 * rest, both ways. The port stays as it is, unless another connection has it already.
 */
export function natTable({ out, to }: NatPlan): string {
  const outside = `oifname { ${out.map((name) => `"${name}"`).join(', ')} }`;
  const rules =
    to.length === 0
      ? [`${outside} masquerade`]
      : to.map((address) =>
          address.includes(':')
            ? `meta nfproto ipv6 ${outside} snat ip6 to ${address}`
            : `meta nfproto ipv4 ${outside} snat ip to ${address}`,
        );
  return `table inet l4lab_nat {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${rules.join('\n    ')}
  }
}
`;
}
