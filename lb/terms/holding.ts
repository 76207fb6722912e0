/**
 * Something that the load balancer adds to the host in addition to nft tables. For packets to an address: the address itself;
 * or, to answer ARP without owning it, a route (to `lo`: the kernel requires one) and a proxy ARP entry. For packets through a
 * next hop: a rule for its mark (`dev` is `lo`), and the default route of its own routing table. For packets in a tunnel to a
 * server: the tunnel's device, its rule and its route; `mixed` are those of packets of the other IP version than the server's
 * address.
 */
export interface Holding {
  kind: 'address' | 'route' | 'proxy-arp' | 'hop-rule' | 'hop-route' | TunnelPart | `mixed-${TunnelPart}`;
  address: string;
  dev: string;
  /** Tunnels: the host's own address at the other end, which only making one of IPv6 needs. */
  local?: string;
}

type TunnelPart = 'tunnel' | 'tunnel-rule' | 'tunnel-route';
