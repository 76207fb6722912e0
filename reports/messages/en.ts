import type { Catalogue } from './catalogue.ts';

/** The messages in English; the command line, JUnit, markdown and GitHub annotations use them. */
export const en = {
  causes: {
    'reply-not-from-vip': {
      story:
        'The reply came from an address that the caller did not call: it bypassed the L4, so nothing undid the NAT.',
      evidence:
        'A reply segment reaches the caller from an address other than the one it called; the caller sends RST or ignores it.',
      fix: 'Give the service a proxy IP, or route replies through the L4 (set the gateway of the servers to the L4).',
    },
    'vip-not-on-server': {
      story: 'A DSR frame reached a server that does not have the VIP.',
      evidence:
        "The frame arrives with the server's MAC and the VIP as destination; the server does not have the VIP and does not reply.",
      fix: 'Add the VIP to the loopback of every server in the pool.',
    },
    'server-not-adjacent': {
      story: "DSR to a server outside the L4's L2 segment: a rewritten MAC is lost at the first router.",
      evidence:
        'The L4 sends the frame to a router instead of the server and it never arrives there, or the L4 has no neighbour entry for the server.',
      fix: "Move the servers to the L4's subnet, or use proxy mode or L3 DSR.",
    },
    'own-address-as-source': {
      story: 'A node dropped a packet whose source is one of its own addresses.',
      evidence: 'The packet arrives at a node that has its source address, and stops there.',
      fix: 'Give the service a proxy IP (if a server calls itself through the L4), or do not let the L4 own the VIP.',
    },
    'reverse-path': {
      story:
        'Strict reverse path filtering dropped a packet that arrived on an interface not used to reach its source.',
      evidence:
        'The packet arrives at a node with rp_filter=1 on an interface other than the route to its source, and stops there.',
      fix: 'Set rp_filter to 0 or 2 on that interface, or make the path symmetric.',
    },
    'half-seen-by-firewall': {
      story: 'A stateful firewall saw only one direction of the connection and dropped the rest.',
      evidence: 'Packets enter a stateful node and do not leave it, after it saw only one direction.',
      fix: 'Exclude the asymmetric path from the firewall, or route both directions through it.',
    },
    'mac-moved': {
      story: "A switch learned the caller's MAC on the L4's port, because the L4 kept the source MAC.",
      evidence:
        "The switch's MAC table has the MAC of the caller (or router) on the L4's port; the reply leaves through that port and is lost.",
      fix: 'Let the L4 rewrite the source MAC to its own.',
    },
    redirected: {
      story: 'An ICMP redirect made a node bypass the L4.',
      evidence: 'The L4 sends an ICMP redirect to a server; later packets of the flow bypass the L4.',
      fix: 'Set send_redirects=0 on the L4 (all and the interface), or accept_redirects=0 on the servers.',
    },
    'no-route': {
      story: 'A node has no route to the address.',
      evidence:
        'The routing table has no entry for the destination; the node sends ICMP net unreachable, or the call fails at once.',
      fix: 'Add the route or a default gateway.',
    },
    'not-forwarding': {
      story: 'A node received a packet for another node and does not forward.',
      evidence:
        "The packet arrives with the node's MAC, the destination is not an address of the node, and nothing leaves it (ip_forward=0).",
      fix: 'Set ip_forward=1 on that node, or correct the gateway or address that sent the packet there.',
    },
    'no-neighbour': {
      story: 'No node on the segment answers ARP for the next hop.',
      evidence: 'ARP requests without a reply, or ICMP host unreachable from the node that asked.',
      fix: 'Check the address, netmask and link of the next hop.',
    },
    refused: {
      story: 'The server has no listener on that port.',
      evidence: 'The server replies with RST or ICMP port unreachable.',
      fix: 'Start the listener, on the address that the packets carry.',
    },
    'no-server-available': {
      story: 'The L4 has no healthy server.',
      evidence:
        'The request reaches the L4, no packet leaves it for a server, and its status lists no server that is up.',
      fix: 'Look at the health check: what it checks and why it fails.',
    },
    'ports-exhausted': {
      story: 'The proxy IP has no free port.',
      evidence:
        'The request reaches the L4, which cannot translate it: all ports of the proxy IPs to that server are in use.',
      fix: 'Add proxy IPs to the pool.',
    },
    loop: {
      story: 'The packet went in circles until its TTL expired.',
      evidence: 'The same packet crosses the same interface repeatedly with a falling TTL; ICMP time exceeded.',
      fix: 'Follow the hops: two nodes each route the packet to the other.',
    },
    'too-big': {
      story: 'The packet exceeds the MTU of a link and must not be fragmented.',
      evidence: 'ICMP fragmentation needed, or a large segment that enters a node and does not leave it.',
      fix: 'Let the ICMP error reach the sender, or clamp the MSS.',
    },
    filtered: {
      story: 'A firewall rule dropped the packet.',
      evidence: 'The packet enters a node and does not leave it; the counter of a drop or reject rule rises.',
      fix: 'Check the rules of that node.',
    },
    unexplained: {
      story: 'No known cause matches the observation.',
      evidence: 'The hops up to the last one seen.',
      fix: 'Look at the capture. If you find the reason, it belongs in this catalogue.',
    },
  },
} satisfies Catalogue;
