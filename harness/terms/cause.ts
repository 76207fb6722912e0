/** Everything that is known about one cause of failure; the catalogue is closed. */
export interface CauseEntry {
  /** The packet's story, one sentence. */
  story: string;
  /** What must be seen for this cause to be named. */
  evidence: string;
  /** What usually mends it. */
  remedy: string;
}

export const CAUSES = {
  'reply-not-from-vip': {
    story:
      'The answer came back from an address that the caller never called: it bypassed the L4, so nobody undid the NAT.',
    evidence:
      'A reply segment reaches the caller with a source other than the address it called; the caller answers with RST or ignores it.',
    remedy: 'Give the service a proxy IP, or make the reply cross the L4 (gateway of the servers = L4).',
  },
  'vip-not-on-server': {
    story: 'A DSR frame reached a server that does not hold the VIP.',
    evidence:
      "The frame arrives at the server's interface addressed to its MAC with destination VIP; the server does not own the VIP and does not answer.",
    remedy: 'Put the VIP on the loopback of every server of the pool.',
  },
  'server-not-adjacent': {
    story: "DSR to a server outside the L4's L2 segment: rewriting a MAC ends at the first router.",
    evidence:
      'The L4 sends the frame to a router instead of the server, and it never arrives at the server (or the L4 has no neighbour for it).',
    remedy: "Move the servers into the L4's subnet, or use proxy mode or L3 DSR.",
  },
  'own-address-as-source': {
    story: 'A receiver dropped a packet whose source is one of its own addresses.',
    evidence: 'The packet arrives at a node that holds its source address itself and goes no further.',
    remedy: 'Give the service a proxy IP (server calls itself through the L4), or do not let the L4 own the VIP.',
  },
  'reverse-path': {
    story:
      'Strict reverse path filtering dropped a packet that came in by another interface than its source is reached by.',
    evidence:
      'The packet arrives at a node with rp_filter=1 on an interface other than the route to its source; it goes no further.',
    remedy: 'Set rp_filter to 0 or 2 on that interface, or make the path symmetric.',
  },
  'half-seen-by-firewall': {
    story: 'A stateful hop saw one direction only and dropped the rest.',
    evidence: 'Packets of the flow enter a stateful node and do not leave it, after it saw one direction only.',
    remedy: 'Take the asymmetric path out of the firewall, or make both directions cross it.',
  },
  'mac-moved': {
    story: "A switch learned the caller's MAC on the L4's port, because the L4 kept the source MAC.",
    evidence:
      "The switch's MAC table holds the caller's (or router's) MAC on the L4's port; the reply leaves by that port and ends there.",
    remedy: 'Let the L4 rewrite the source MAC to its own.',
  },
  redirected: {
    story: 'An ICMP redirect taught a node to bypass the L4.',
    evidence: 'The L4 sends an ICMP redirect to a server; later packets of the flow no longer cross the L4.',
    remedy: 'Set send_redirects=0 on the L4 (all and the interface), or accept_redirects=0 on the servers.',
  },
  'no-route': {
    story: 'A node has no route to the address.',
    evidence:
      "The node's routing table has no entry for the destination; it answers with ICMP net unreachable or the call fails at once.",
    remedy: 'Add the route or the default gateway.',
  },
  'not-forwarding': {
    story: 'A node got a packet that is for somebody else, and does not forward.',
    evidence:
      "The packet arrives addressed to the node's MAC, its destination is no address of the node, and nothing leaves it (ip_forward=0).",
    remedy: 'Set ip_forward=1 on that node, or correct the gateway or the address that led the packet there.',
  },
  'no-neighbour': {
    story: 'Nobody on the segment answers ARP for the next hop.',
    evidence: 'ARP requests without an answer, or ICMP host unreachable from the node that asked.',
    remedy: 'Check the address, the netmask and the link of the next hop.',
  },
  refused: {
    story: 'The addressed server has no listener.',
    evidence: 'The server answers with RST, or with ICMP port unreachable.',
    remedy: 'Start the listener, on the address that the packets carry.',
  },
  'no-server-available': {
    story: 'The L4 has no healthy server.',
    evidence:
      'The request reaches the L4, no packet leaves it toward a server, and its own status lists no server that is up.',
    remedy: 'Look at the health check: what it asks for and why it fails.',
  },
  'ports-exhausted': {
    story: 'The proxy IP has no free port.',
    evidence:
      'The request reaches the L4, which cannot map it: all ports of the proxy IPs toward that server are in use.',
    remedy: 'Add proxy IPs to the pool.',
  },
  loop: {
    story: 'The packet went round until its TTL ran out.',
    evidence: 'The same packet crosses the same interface again and again with a falling TTL; ICMP time exceeded.',
    remedy: 'Follow the hops: two nodes each think that the other one is nearer.',
  },
  'too-big': {
    story: 'A packet is larger than the MTU of a link and may not be fragmented.',
    evidence: 'ICMP fragmentation needed, or a large segment that enters a node and does not leave it.',
    remedy: 'Let the ICMP error reach the sender, or clamp the MSS.',
  },
  filtered: {
    story: 'A rule dropped the packet.',
    evidence: 'The packet enters a node and does not leave it; the counter of a drop or reject rule rises.',
    remedy: 'Look at the rules of that node.',
  },
  unexplained: {
    story: 'None of the other causes fits what was seen.',
    evidence: 'The list of hops, up to the last one seen.',
    remedy: 'Look at the capture; if you find the reason, it belongs into this catalogue.',
  },
} as const satisfies Record<string, CauseEntry>;

/** Stable code of a cause. */
export type CauseCode = keyof typeof CAUSES;
