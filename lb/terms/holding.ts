/**
 * Something beside nft tables that the load balancer puts into the host, so that packets for an address arrive: the
 * address itself; or, to answer ARP without owning it, a route (to `lo`: the kernel wants one) and a proxy ARP entry.
 */
export interface Holding {
  kind: 'address' | 'route' | 'proxy-arp';
  address: string;
  dev: string;
}
