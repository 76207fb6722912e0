import type { NatPlan } from '../terms/plan.ts';

/**
 * Source NAT: the first packet of a connection that leaves through the outside interface gets its new source, and
 * conntrack translates the rest in both directions. The port stays unless another connection uses it already.
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
