/**
 * Something beside nft tables that the load balancer puts into the host. So that packets for an address arrive: the
 * address itself; or, to answer ARP without owning it, a route (to `lo`: the kernel wants one) and a proxy ARP entry. So
 * that packets go by a next hop: a rule for its mark (`dev` is `lo`), and the default route of a table of its own.
 */
export interface Holding {
  kind: 'address' | 'route' | 'proxy-arp' | 'hop-rule' | 'hop-route';
  address: string;
  dev: string;
}
