import type { Cause, Place } from '../../harness/terms/cause.ts';
import type { HopDifference, Leg } from '../../harness/terms/reason.ts';
import type { Range } from '../../harness/terms/plan.ts';
import { networksBlocked } from './firewall-en.ts';
import { namesText } from './names.ts';
import { bounds, timeline, unknowns } from './timeline-en.ts';
import { type Catalogue, KILLED, outcomeText, say, socketText, stepText, type OutcomeGroup } from './catalogue.ts';

/** `n1 and n2`; `n1, n2, and n3`. */
const listed = new Intl.ListFormat('en');

/** The messages in English; the command line, JUnit, markdown and GitHub annotations use them. */
export const en: Catalogue = {
  causes: {
    'reply-not-from-vip': {
      story:
        'The reply came from an address or port that the caller did not call. Usually it bypassed the L4, so the NAT was not reversed.',
      evidence:
        'A reply segment reaches the caller from an address other than the one it called; the caller sends RST or ignores it.',
      fix: 'Give the service a proxy IP, or route replies through the L4: with the gateway of the servers or, for callers in their own subnet, with a route.',
    },
    'vip-not-on-server': {
      story: 'A DSR frame reached a server that does not have the VIP.',
      evidence:
        "The frame arrives with the server's MAC and the VIP as destination; the server does not have the VIP and does not reply.",
      fix: 'Add the VIP to the loopback of every server in the pool.',
    },
    'no-tunnel-end': {
      story: 'An IP-in-IP packet of the L4 reached a server at which no tunnel ends.',
      evidence:
        "The packet arrives with the server's address in its outer header; the server does not unpack it and sends ICMP protocol or port unreachable to the L4, not to the caller.",
      fix: 'Create a tunnel device on every server in the pool (`ip link add … type ipip`; `sit` for IPv6 in IPv4, `ip6tnl` for both in IPv6).',
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
    'out-of-window': {
      story:
        'A node with NAT did not translate a segment outside the TCP window, which conntrack calls INVALID. Its receiver answered with a reset, which broke the connection.',
      evidence:
        'A segment with a far-off sequence number leaves the node with its addresses unchanged, and a reset goes back to its sender.',
      fix: 'Drop INVALID packets on that node (a stateful firewall does, for forwarded packets), or set net.netfilter.nf_conntrack_tcp_be_liberal=1 there.',
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
      story: 'A node has no route to the address, or one that drops packets (blackhole, unreachable, prohibit).',
      evidence:
        'The routing table has no entry for the destination, or the entry is missing because its interface is down. The node sends ICMP net unreachable (at most about one per second), or the call fails immediately. A blackhole route is silent.',
      fix: 'Add the route or a default gateway, or remove the route that drops packets.',
    },
    'not-forwarding': {
      story: 'A node received a packet for another node and does not forward.',
      evidence:
        "The packet arrives with the node's MAC, the destination is not an address of the node, and nothing leaves it (ip_forward=0).",
      fix: 'Set ip_forward=1 on that node, or correct the gateway or address that sent the packet there.',
    },
    'no-neighbour': {
      story: 'No node on the segment answers ARP for the next hop, or a link on the path to it is down.',
      evidence:
        'ARP requests without a reply, or ICMP host unreachable from the node that asked; or a frame ends at a link that is down: the switch floods it, and no node accepts it.',
      fix: 'Check the address, netmask and link of the next hop, and the links between switches on the path.',
    },
    'vlan-mismatch': {
      story: 'The ports of a switch, or of two switches, are in different VLANs, so frames cannot get through.',
      evidence:
        'ARP requests without a reply from a node that is linked to the same switches, behind a port that does not carry their VLAN.',
      fix: 'Put the access port in the VLAN of its peers, allow the VLAN on both ends of the trunk, or give both ends the same native VLAN.',
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
    'no-address': {
      story: 'A DNS server answered that the name has no address, so the caller called nothing.',
      evidence: 'The answer of the DNS server reaches the caller and contains no address.',
      fix: 'Give the name a record for its callers, or repair the services of its records.',
    },
    'stale-answer': {
      story:
        'The caller used a cached answer of a DNS server, whose address no longer works; a new query returns another one.',
      evidence:
        'The caller sends no DNS query, its call to the cached address fails, and the answer to a new query does not contain that address.',
      fix: 'Shorten the TTL of the name, or let the VIP move between sites instead of changing the name.',
    },
    'ports-exhausted': {
      story: 'The proxy IP has no free port.',
      evidence:
        'The request reaches the L4, which cannot translate it: all ports of the proxy IPs to that server are in use.',
      fix: 'Give the proxy IP more ports, or add proxy IPs; close unused connections.',
    },
    loop: {
      story: 'The packet went in circles until its TTL expired.',
      evidence: 'The same packet crosses the same interface repeatedly with a falling TTL; ICMP time exceeded.',
      fix: 'Follow the hops: two nodes each route the packet to the other.',
    },
    'too-big': {
      story: 'The packet exceeds the MTU of a link and must not be fragmented.',
      evidence: 'ICMP fragmentation needed, or a large segment that enters a node and does not leave it.',
      fix: 'Let the ICMP error reach the sender, or have the L4 clamp the MSS (`mssClamp`).',
    },
    filtered: {
      story: 'A firewall rule dropped the packet, or the ICMP error that tells the sender to send smaller packets.',
      evidence: 'The packet enters a node and does not leave it; the counter of a drop or reject rule rises.',
      fix: 'Remove the rule, or change what it matches.',
    },
    'stale-neighbour': {
      story: 'A node sent to the MAC of a node that does not have the address, or no longer has it.',
      evidence: 'Frames for the address carry a MAC whose node no longer holds it, or is gone; no reply follows.',
      fix: 'Let the new holder send gratuitous ARP, and let neighbours accept it; or shorten the ARP timeout. Remove static entries: nothing corrects them.',
    },
    'stale-mac': {
      story: 'A switch sent frames out of the port where their MAC used to be.',
      evidence: "The switch's MAC table has the MAC on a port that no longer leads to its node.",
      fix: 'Let the moved node send a frame (gratuitous ARP), or shorten the ageing time of the switch.',
    },
    'connection-unknown': {
      story: 'A segment of an established connection met a node that has no state for it.',
      evidence:
        'A segment without SYN reaches a node that did not see the connection begin; it resets it, or drops it.',
      fix: 'Share connections between the load balancers (conntrackd), or pick servers by a consistent hash (maglev).',
    },
    'idle-expired': {
      story: 'A node forgot the connection because nothing was sent for longer than its idle timeout.',
      evidence: 'After a pause longer than the idle timeout, the next segment is dropped or reset at that node.',
      fix: 'Send keepalives more often than the idle timeout, or raise the timeout.',
    },
    'split-brain': {
      story: 'Several members of a pair hold the address at the same time.',
      evidence: 'More than one member of the pair is master and answers ARP for the address.',
      fix: 'Restore the path of the advertisements between the members, or add a second path.',
    },
    'no-response': {
      story: 'The request arrived, but the program did not answer.',
      evidence: 'The kernel of the server acknowledges the request; no reply follows until the caller gives up.',
      fix: 'Look at the program. Use a health check that resembles the traffic (type: http), so that it detects the failure.',
    },
    unexplained: {
      story: 'No known cause matches the observation.',
      evidence: 'The hops up to the last one seen.',
      fix: 'Look at the capture. If you find the reason, it belongs in this catalogue.',
    },
  },
  special: {
    'called-itself': {
      story: 'The caller has the VIP itself, so its kernel delivered the call locally, without the load balancer.',
      evidence: 'No packet of the flow leaves the caller, which has the address; its call fails immediately.',
      fix: "Remove the VIP from the caller's loopback, or use a proxy IP and remove it from all servers. An L4 that owns its VIPs can call them with `ownCalls: true`, in modes dnat and proxy.",
    },
  },
  findings: {
    'answered-by-itself': 'The caller has the VIP on its own loopback and answered itself; no packet left the node.',
    'two-owners': 'Several nodes answered ARP for the same address: which of them gets the packets is random.',
    'slow-start': 'The first packets were lost; it worked after a retransmission.',
    'l4-bypassed':
      'The request did not cross the L4: a server answered ARP for the VIP, or used it as ARP sender. Set arp_ignore=1 and arp_announce=2 there.',
  },
  messages: {
    ...bounds,
    ...unknowns,
    'route-missing': ({ node, address }) => `${node} has no route to ${address}.`,
    'dead-end': ({ node, address, to, type }) =>
      `${node} ${type === 'blackhole' ? 'silently ' : ''}dropped a packet for ${address}: its route to ${to} is of type ${type}.`,
    'arp-unanswered': ({ node, address }) => `${node} sent ARP requests for ${address}, but no node answered.`,
    'arp-request-dropped': ({ node, address, asker, source }) =>
      `${asker} sent ARP requests for ${address}, but ${node} dropped them because of their source ${source}.`,
    'host-unreachable': ({ node, address }) =>
      `${node} reported host unreachable for ${address}: the next hop did not answer ARP.`,
    'peer-down': ({ node, address, peer }) => `${node} had a packet for ${address}, but the link to ${peer} is down.`,
    'vlan-not-carried': ({ node, address, asker, port, vlan }) =>
      `${asker} sent frames for ${address} in VLAN ${vlan}, but the port of ${node} toward ${port} does not allow tagged frames of that VLAN.`,
    'untagged-not-carried': ({ node, address, asker, port }) =>
      `${asker} sent frames for ${address}, but the port of ${node} toward ${port} is a trunk without a native VLAN, and ${port} sends untagged frames.`,
    'vlans-differ': ({ node, address, asker, port, vlan, other }) =>
      `${asker} sent frames for ${address} in VLAN ${other}, but the port of ${node} toward ${port} is in VLAN ${vlan}.`,
    'address-in-other-vlan': ({ node, address, asker, vlan, other }) =>
      `${asker} sent frames for ${address} in VLAN ${other}, but ${node} has that address in VLAN ${vlan}.`,
    'native-vlan-tagged': ({ node, address, asker, port, vlan, other }) =>
      other === null
        ? `${asker} sent frames for ${address}, which come from ${port} with the tag of VLAN ${vlan}; but that is the native VLAN of the port of ${node} toward ${port}, which takes it without a tag.`
        : `${asker} sent frames for ${address} in VLAN ${vlan}. The native VLANs of the trunk differ: ${other} at ${port}, so these frames are tagged, but ${vlan} at ${node}, which takes them without a tag.`,
    'native-vlans-differ': ({ node, address, asker, port, vlan, other }) =>
      `${asker} sent frames for ${address}, which cross a link without a tag. Its untagged (native) VLANs differ: ${other} at ${port}, ${vlan} at ${node}.`,
    'server-off-segment': ({ node, address }) =>
      `${node} sent ARP requests for the server ${address} on its own segment, but that server is in another subnet.`,
    'listener-missing': ({ node, address, port, protocol }) =>
      `${node} has no listener on ${socketText(address, port)}/${protocol}.`,
    'called-itself': ({ node, address, port, protocol }) =>
      `The call never left ${node}: it holds the VIP ${address} itself, and has no listener on port ${port}/${protocol}.`,
    'pool-down': ({ node, service }) => `${node} has no healthy server for ${service}.`,
    'name-without-address': ({ node, name }) => `${node} has no address for ${name}.`,
    'no-record-left': ({ node, name, source }) =>
      `${node} has records of ${name}, but none for ${source} with a healthy server.`,
    'refused-although-healthy': ({ node, service }) =>
      `${node} refused the request, although it has a healthy server for ${service}.`,
    'answer-outdated': ({ node, name, address, addresses, ageS, ttlS, met, metAt }) =>
      `${node} called ${address}, from an answer about ${name} that was ${ageS} s old (TTL ${ttlS} s), and failed (${met} at ${metAt}); a new query returns ${addresses.join(', ')}.`,
    'reply-from-elsewhere': ({ node, called, source, owner, ports }) =>
      `${node} called ${ofPort(ports?.called)}${called}, but the reply came from ${ofPort(ports?.source)}${ownerText(owner, source)}.`,
    'reply-not-translated': ({ node, called, source, owner, address, ports }) =>
      `${node} called ${ofPort(ports?.called)}${called} for its client from its own address ${address}, but the reply came from ${ofPort(ports?.source)}${ownerText(owner, source)} and matches no connection that ${node} translates.`,
    'tunnel-end-missing': ({ node, address }) =>
      `An IP-in-IP packet reached ${node}, but no tunnel ends at ${address}.`,
    'vip-missing': ({ node, vip }) => `The frame for ${vip} reached ${node}, which does not have that address.`,
    'own-source': ({ node, source }) =>
      `${node} received a packet from ${source}, which is its own address, and dropped it.`,
    'reverse-path-fails': ({ node, source, iface }) =>
      `${node} dropped a packet from ${source} that arrived on ${iface}: its route to that address uses another interface (rp_filter).`,
    'half-seen': ({ node, source, destination }) =>
      `${node} saw only one direction of the connection, and dropped a packet from ${source} to ${destination}.`,
    'segment-not-translated': ({ node, source, destination }) =>
      `${node} did not translate an out-of-window segment from ${source} to ${destination}; its receiver reset the connection.`,
    'mac-on-wrong-port': ({ node, owner, port, address }) =>
      `${node} learned the MAC of ${owner} on its port ${port}; the frame for ${address} left there and did not reach ${owner}.`,
    'redirect-followed': ({ node, router, address, gateway }) =>
      `${router} sent ${node} an ICMP redirect for ${address} to ${gateway}; packets then bypassed ${router}.`,
    'forwarding-off': ({ node, address }) =>
      `${node} received a packet for ${address}, which is not its own address, and does not forward.`,
    'ports-used-up': ({ node, service, proxyIps, ports }) =>
      `${node} has no free port on ${proxyIps.join(', ')}${ports === null ? '' : ` (of ${ports})`} for a connection to ${service}.`,
    'ttl-expired': ({ node, address }) => `The TTL of a packet for ${address} expired at ${node}.`,
    'exceeds-mtu': ({ node, address, mtu }) =>
      `${node} cannot forward a packet for ${address}: it exceeds the MTU of ${mtu === null ? 'a link on its path' : `the next link (${mtu} bytes)`}.`,
    'exceeds-interface': ({ node, address, iface, size, mtu }) =>
      `${node} silently dropped a packet of ${size} bytes for ${address}: the MTU of its interface ${iface} is ${mtu} bytes.`,
    'rejected-by-rule': ({ node, address }) => `A firewall rule on ${node} rejected a packet for ${address}.`,
    'filter-matched': ({ node, address, number, rule }) =>
      `Rule ${number} of the filter on ${node} (${rule}) dropped a packet for ${address}.`,
    'too-big-unheard': ({ node, address, number, rule }) =>
      `Rule ${number} of the filter on ${node} (${rule}) dropped the ICMP message 'too big' for ${address}, so it kept sending large packets.`,
    'neighbour-outdated': ({ node, address, mac, owner, holder }) =>
      `${node} sent packets for ${address} to ${owner === null ? mac : `the MAC of ${owner} (${mac})`}, which does not have the address${holder === null ? '' : `; ${holder} has it`}.`,
    'neighbour-static': ({ node, address, mac, owner, holder }) =>
      `The static neighbour entry of ${node} for ${address} names ${owner === null ? `${mac}, which no node has` : `the MAC of ${owner} (${mac})`}${holder === null ? '' : `; ${holder} has the address`}.`,
    'port-outdated': ({ node, owner, port, address }) =>
      `${node} sent the frame for ${address} out of its port ${port}, where ${owner} is no longer.`,
    'state-missing': ({ node, source, destination }) =>
      `${node} has no state for the connection from ${source} to ${destination}.`,
    'state-outdated': ({ node, source, destination, other }) =>
      `${node} drops packets of the connection from ${source} to ${destination} as invalid: part of the connection went through ${other}.`,
    'state-expired': ({ node, source, destination, idleMs }) =>
      `${node} forgot the connection from ${source} to ${destination} after ${idleMs} ms without traffic.`,
    'two-masters': ({ node, address, masters }) =>
      `${listed.format(masters)} hold ${address} at the same time; the packet ended at ${node}.`,
    'response-missing': ({ node, address }) =>
      `${node} accepted the request for ${address}, but its program did not answer.`,
    'counter-rose': ({ node, address, iface, counter }) =>
      `${node} dropped a packet for ${address} from interface ${iface}: its counter ${counter} rose.`,
    'lost-on-wire': ({ node, address }) =>
      `${node} sent a packet to ${address}, but it was not seen at the other end of the wire.`,
    'frame-unclaimed': ({ node, address }) =>
      `The frame for ${address} reached no node that has its MAC; it was last seen at ${node}.`,
    'reply-missing': ({ node, address }) => `Every packet arrived, but ${node} got no reply from ${address}.`,
    'never-ends': ({ node, address }) => `Packets from ${node} to ${address} keep circulating.`,
    'answered-by-itself': ({ node, address }) => `${node} called ${address}, which it holds itself.`,
    'l4-bypassed': ({ service, l4s }) =>
      `Requests to ${service} reached a server without crossing ${l4s.join(' or ')}.`,
    'slow-start': ({ node }) => `${node} had to retransmit.`,
    'two-owners': ({ address, asker, owners, used }) =>
      `${listed.format(owners)} answered the ARP request of ${asker} for ${address}${used === null ? '' : `; ${asker} then sent to ${used}`}.`,

    'nothing-fits': ({ node, client }) =>
      `No known cause matches; the last packet was seen at ${node}, and the caller got: ${outcomeText(en, client)}.`,

    'never-tried': ({ flow }) => `${flow} was never tried.`,
    'expected-to-work': ({ failed, attempts, cause }) =>
      `Expected to work, but failed${share(failed, attempts)}. ${because(cause)}`,
    'expected-to-fail': ({ cause, worked, attempts }) =>
      `Expected to fail (${cause}), but worked${share(worked, attempts)}.`,
    'other-cause': ({ expected, cause }) => `Failed for a different reason than ${expected}. ${because(cause)}`,
    'other-place': ({ expected, node, iface }) =>
      `Failed at ${node === null ? 'an unknown node' : `${node}${iface ? `.${iface}` : iface === null ? ', at no known interface' : ''}`}; expected: ${expected}.`,
    'wrong-lost': ({ lost, expected, attempts }) =>
      `${lost} of ${attempts} attempts got no answer; expected: ${range(expected)}.`,
    'no-alternative': ({ outcome: how, servedBy, cause }) =>
      `An attempt had an unexpected outcome: ${how === 'works' ? `works${servedBy === null ? '' : ` (${servedBy})`}.` : `fails. ${because(cause)}`}`,
    'alternative-unseen': ({ number, of, outcome: how, cause, attempts }) =>
      `Expected outcome ${number} of ${of} (${how}${cause === null ? '' : `: ${cause}`}) occurred in none of ${attempts} attempts.`,
    'wrong-server': ({ server, allowed }) => `${server ?? 'No server'} answered; expected: ${namesText(allowed)}.`,
    'server-unused': ({ server, attempts }) => `${server} answered none of ${attempts} attempts.`,
    'wrong-share': ({ server, served, expected, attempts }) =>
      typeof expected === 'number'
        ? `${server} answered ${served} of ${attempts} attempts; expected: ${expected}.`
        : `${server} answered ${served} of ${attempts} attempts (${round((100 * served) / attempts)} %); expected: ${range(expected)} %.`,
    'servers-vary': ({ servers }) =>
      `Different servers answered (${servers.map((server) => server ?? 'none').join(', ')}); expected: the same one each time.`,
    'wrong-source': ({ seen, expected, allowed }) =>
      `${sawSource(seen)}; expected: ${expected === allowed[0] ? expected : `${expected} (${allowed.join(' or ')})`}.`,
    'unexpected-finding': ({ finding }) =>
      `Works, but with the finding ${finding.code}. ${say(en, finding)} ${en.findings[finding.code]}`,
    'finding-missing': ({ finding }) => `Works, but without the expected finding ${finding}.`,
    'segment-not-seen': ({ sender }) => `No out-of-window segment was seen (\`outOfWindow: ${sender}\`).`,
    'request-not-seen': ({ caller }) => `No request was seen leaving ${caller}, so the failure proves nothing.`,
    'control-failed': ({ control }) => {
      const why = control.cause ? say(en, control.cause.detail) : `The caller got: ${outcomeText(en, control.client)}.`;
      return `The control flow ${en.control(control)} failed, so the failure proves nothing. ${why}`;
    },
    'not-crossed': ({ leg, node }) => `The ${LEGS[leg]} did not cross ${node}.`,
    'not-avoided': ({ leg, node }) => `The ${LEGS[leg]} reached ${node}, which it must avoid.`,
    'wrong-ttl': ({ leg, node, seen, expected }) =>
      seen === null
        ? `The ${LEGS[leg]} did not reach ${node}; expected TTL there: ${expected}.`
        : `The ${LEGS[leg]} reached ${node} with TTL ${seen}; expected: ${expected}.`,
    'no-calls': ({ stream, step }) => `No call of ${stream} was made in step ${step}.`,
    'outage-too-long': ({ ms, atMostMs, cause }) =>
      `The outage took ${round(ms)} ms; expected: at most ${atMostMs} ms. ${because(cause)}`,
    'outage-too-short': ({ ms, atLeastMs }) => `The outage took ${round(ms)} ms; expected: at least ${atLeastMs} ms.`,
    'outage-not-over': ({ ms, cause }) =>
      `Calls still failed when the step ended, after ${round(ms)} ms. ${because(cause)}`,
    'second-outage': ({ ms, cause }) => `Calls failed again after the outage, for ${round(ms)} ms. ${because(cause)}`,
    'wrong-outage-cause': ({ calls, cause, expected }) =>
      `${calls} ${calls === 1 ? 'call' : 'calls'} failed for ${expected.length === 0 ? 'no known reason' : `a different reason than ${expected.join(' or ')}`}. ${because(cause)}`,
    'wrong-connections': ({ what, seen, of, expected }) =>
      `${seen} of ${of} kept connections ${what}; expected: ${range(expected)}.`,
    'wrong-stall': ({ ms, expected }) =>
      `A kept connection waited ${round(ms)} ms for an answer; expected: ${range(expected)} ms.`,
    'state-not-reached': ({ awaited, instead }) => {
      const isServer = 'server' in awaited;
      const what = isServer
        ? `Server ${awaited.server} was not ${awaited.is}`
        : `${awaited.master} was not the only master`;
      const states = instead.map(({ node, state }) => (isServer ? `${state} at ${node}` : `${node} is ${state}`));
      return `${what} within ${awaited.withinMs} ms${states.length === 0 ? '' : `: ${listed.format(states)}`}.`;
    },
    disagreement: ({ disagreement }) => `Prediction and observation differ. ${say(en, disagreement)}`,

    'answer-differs': ({ seen, predicted }) =>
      `The DNS server gave ${seen ?? 'no address'} first; predicted: ${predicted ?? 'no address'}.`,
    'l4-differs': ({ seen, predicted }) => `The request went through ${seen}; predicted: through ${predicted}.`,
    'picked-differs': ({ seen, predicted }) => `The L4 picked ${seen}; predicted: ${predicted}.`,
    'outcome-differs': ({ seen, predicted, hop }) =>
      `The flow ${outcome(seen)}; predicted: ${outcome(predicted)}.${at(hop)}`,
    'cause-differs': ({ seen, predicted, hop }) =>
      `The cause is ${place(seen)}; predicted: ${place(predicted)}.${at(hop)}`,
    'server-differs': ({ seen, predicted, hop }) =>
      `${seen ?? 'No server'} answered; predicted: ${predicted ?? 'no server'}.${at(hop)}`,
    'source-differs': ({ seen, predicted, hop }) => `${sawSource(seen)}; predicted: ${predicted ?? 'none'}.${at(hop)}`,
    'path-differs': ({ hop }) => `The packets took a different path than predicted.${at(hop)}`,

    'failures-differ': ({ calls, seen, predicted }) =>
      `${calls} ${calls === 1 ? 'call' : 'calls'} failed (${place(seen)}); predicted: ${predicted.length === 0 ? 'no failure' : predicted.map(place).join(', ')}.`,
    'connections-differ': ({ survived, of, predicted }) =>
      `${survived} of ${of} kept connections survived; predicted: ${predicted}.`,
    interrupted: () => 'The run was interrupted.',
    'image-missing': ({ image }) => `The lab image ${image} is missing. Build it: npx l4lab setup`,
    'network-failed': ({ error }) => `Docker could not create a network for a link: ${error}`,
    'docker-rules-gone': ({ error }) =>
      `Docker cannot create networks (${error}). Its rules were flushed from the host's firewall, for example by nft flush ruleset or by starting nftables or another firewall. Restart Docker to restore them: sudo systemctl restart docker`,
    'networks-blocked': networksBlocked,
    'host-container-failed': ({ error }) => `A container on the host's network failed: ${error}`,
    hairpin: ({ port }) =>
      `Docker's networks return frames to their sender (hairpin mode on ${port}). Start dockerd with --userland-proxy=true`,
    'addresses-in-use': ({ clashes }) =>
      `The host already has addresses of the lab: ${clashes.map(({ address, owner, iface }) => `${address} of ${owner} (on ${iface})`).join(', ')}. Use other addresses in the lab.`,
    'pair-unsettled': ({ pair, expected, seen, seconds }) =>
      `Pair ${pair} did not settle within ${seconds} s: master is ${namesText(seen) || 'no member'}, expected: ${namesText(expected) || 'no member'}.`,
    'pause-failed': ({ node, seconds, error }) =>
      `The engine could not pause the container of node ${node} within ${seconds} s: ${error}`,
    'node-gone': ({ node, exitCode, output }) => `The container of node ${node} ${ending(exitCode)}.${printed(output)}`,
    'agent-late': ({ node, seconds, output }) =>
      `The agent of node ${node} did not start within ${seconds} s.${printed(output)}`,
    'call-late': ({ node, method, seconds, output }) =>
      `Node ${node} did not answer ${method} within ${seconds} s.${printed(output)}`,
    'call-failed': ({ node, method, fault }) => `Node ${node}: ${method} failed. ${say(en, fault)}`,
    'program-failed': ({ command, exitCode, output, input }) =>
      `${command} ended with ${exitCode}.${printed(output)}${input && `\nInput:\n${input}`}`,
    'program-late': ({ command, awaited, seconds, output }) =>
      `${command} did not reach ${awaited} within ${seconds} s.${printed(output)}`,
    'interface-missing': ({ address }) => `No interface has the address ${address}.`,
    'sysctl-missing': ({ setting }) => `The kernel has no setting ${setting}.`,
    'sysctl-read-only': ({ setting }) =>
      `The kernel does not let a node change ${setting}: it is a setting of the whole machine, or can only be read. Remove it from \`sysctls\`; a setting of the machine can be changed on the host of the engine.`,
    'sysctl-value': ({ setting, value }) => `The kernel does not accept the value ${value} for ${setting}.`,
    'sysctl-failed': ({ setting, error }) => `sysctl ${setting} failed: ${error}`,
    'capture-ended': ({ iface, output }) => `tcpdump on ${iface} ended.${printed(output)}`,
    'capture-late': ({ iface, seconds, output }) =>
      `tcpdump on ${iface} did not answer within ${seconds} s.${printed(output)}`,
    'capture-overflow': ({ iface, frames }) =>
      `tcpdump on ${iface} dropped ${frames} ${frames === 1 ? 'frame' : 'frames'} because the machine was too busy, so there is no verdict. Send less traffic, or run fewer programs beside it.`,
    'balancer-late': ({ awaited, seconds, log }) =>
      `The load balancer was not ${awaited} within ${seconds} s.${printed(log)}`,
    'balancer-ended': ({ awaited, log }) => `The load balancer ended before it was ${awaited}.${printed(log)}`,
    'balancer-failed': ({ error }) => `The load balancer reported: ${error}`,
    'tunnels-missing': ({ device }) =>
      `Needs ipip: the kernel has neither IP-in-IP devices (modules ipip, ip6_tunnel and sit) nor ${device} (module tun) for programs that replace them.`,
    'agent-failed': ({ error }) => error,

    'interfaces-up': ({ node }) => `${node}: set all interfaces up`,
    'forwarding-on': ({ node }) => `${node}: enable forwarding`,
    'rp-filter-off': ({ node }) => `${node}: disable rp_filter`,
    'accept-local': ({ node }) => `${node}: enable accept_local`,
    'vip-off-loopback': ({ node, vip }) => `${node}: remove the VIP ${vip} from loopback`,
    'allow-vlan': ({ node, port, vlan }) => `${node}: allow VLAN ${vlan} on the trunk to ${port}`,
    'port-in-vlan': ({ node, port, vlan }) => `${node}: put the port toward ${port} in VLAN ${vlan}`,
    'without-native-vlan': ({ node, port, vlan }) =>
      `${node}: send VLAN ${vlan} with a tag on the trunk to ${port}, not as its native VLAN`,
    'native-vlan': ({ node, port, vlan }) => `${node}: set native VLAN ${vlan} on the trunk to ${port}`,
    'clamp-mss': ({ service, mss }) =>
      mss === 'auto'
        ? `${service}: clamp the MSS to the MTU of the links of the L4`
        : `${service}: clamp the MSS to ${mss} bytes`,
    'smaller-mtu': ({ node, mtu }) => `${node}: set MTU ${mtu}`,
    route: ({ nodes, to, via }) => `${namesText(nodes)}: add a route to ${to} via ${via}`,
    'without-dead-end': ({ node, to, type }) => `${node}: remove the ${type} route to ${to}`,
    'without-neighbour': ({ node, address }) => `${node}: remove the static neighbour entry for ${address}`,
    'source-route': ({ nodes, from, via }) =>
      `${namesText(nodes)}: add a default route via ${via} for packets from ${from}`,
    'proxy-ip-auto': ({ service }) => `${service}: use the address of the L4's outgoing interface as proxy IP`,
    'more-proxy-ports': ({ service, ports }) => `${service}: use source ports ${ports} on its proxy IP`,
    'all-proxy-ports': ({ service }) => `${service}: use every port of its proxy IP as source`,
    'drop-invalid': ({ node }) => `${node}: drop INVALID packets (stateful firewall)`,
    'liberal-tracking': ({ node }) => `${node}: set nf_conntrack_tcp_be_liberal=1`,
    'symmetric-hash': ({ source, destination }) =>
      `${source}: hash the source, and ${destination}: hash the destination, with the same next hops in the same order`,
    'firewall-off': ({ node }) => `${node}: remove the stateful firewall`,
    'nat-off': ({ node }) => `${node}: remove NAT`,
    'nat-masquerade': ({ node }) => `${node}: translate to the address of the interface (masquerade)`,
    'hold-address': ({ node, address }) => `${node}: add ${address} to loopback`,
    'without-rule': ({ nodes, rule }) => `${namesText(nodes)}: remove the filter rule ${rule}`,
    'accept-redirects-off': ({ node }) => `${node}: disable accept_redirects`,
    'node-gateway': ({ node, gateway }) => `${node}: use gateway ${gateway}`,
    'widen-mtu': ({ mtu }) => `set MTU ${mtu} on every interface`,
    'balancer-on': ({ node }) => `${node}: enable the load balancer`,
    'disown-vip': ({ node }) => `${node}: do not own the VIP (vipOwner: false)`,
    'send-redirects-off': ({ node }) => `${node}: disable send_redirects`,
    'rewrite-source-mac': ({ node }) => `${node}: rewrite the source MAC`,
    'check-vip': ({ service }) => `${service}: check the VIP on its servers, not their own addresses`,
    'check-served-port': ({ service }) => `${service}: check the port that traffic goes to`,
    'check-source': ({ service, source }) => `${service}: check its servers from ${source}`,
    'check-source-auto': ({ service }) =>
      `${service}: check its servers from the address of the L4's outgoing interface`,
    'answer-from-asked': ({ nodes }) =>
      `${namesText(nodes)}: send UDP replies from the address and port that were called`,
    'add-record': ({ name, service }) => `${name}: add a record for ${service}`,
    'shorter-ttl': ({ name, seconds }) => `${name}: set a TTL of ${seconds} s`,
    'only-healthy': ({ name }) => `${name}: omit services without a healthy server from answers`,
    listen: ({ nodes, port, protocol }) => `${namesText(nodes)}: listen on ${port}/${protocol}`,
    'vip-on-loopback': ({ service }) =>
      `${service}: add its VIP to the loopback of its servers, without ARP replies for it`,
    'quiet-loopback': ({ arpIgnore, arpAnnounce }) =>
      `servers: send no ARP replies for loopback addresses (arp_ignore=${arpIgnore}, arp_announce=${arpAnnounce})`,
    'servers-gateway': ({ gateway }) => `servers: use gateway ${gateway}`,
    'tunnel-end': ({ service }) => `end the tunnels of ${service} at its servers (tunnelEnd)`,
    'own-calls': ({ service }) => `${service}: balance the L4's own calls (ownCalls)`,
    'use-proxy': ({ service }) => `${service}: use a proxy IP`,
    'use-profile': ({ service, profile }) => `${service}: use \`like: ${profile}\``,
    'use-dsr': ({ service }) => `${service}: use DSR, with its VIP on the loopback of its servers`,
    'gratuitous-arp-on': ({ pair }) => `${pair}: send gratuitous ARP from a new master`,
    'preempt-on': ({ pair }) => `${pair}: enable preemption`,
    'share-connections': ({ pair }) => `${pair}: share connections (conntrackd)`,
    'use-maglev': ({ service }) => `${service}: pick servers by a consistent hash (maglev)`,
    'check-on': ({ service, intervalMs }) => `${service}: check its servers every ${intervalMs} ms`,
    'neighbour-age': ({ node, ms }) => `${node}: set the age of neighbour entries to ${ms} ms`,
    'mac-age': ({ node, ms }) => `${node}: set the age of MAC entries to ${ms} ms`,
    'idle-timeout': ({ node, ms }) => `${node}: set the idle timeout to ${ms} ms`,
  },
  timeline,
  trunks: { tagged: 'with 802.1Q tags', wires: 'without tags, one link per VLAN' },
  tunnels: { devices: 'provided by the kernel', programs: 'provided by programs, because the kernel has none' },
  engineUse: ({ name, kernel, scenarios, trunks, tunnels, lost }) =>
    `${name}, kernel ${kernel}: ${scenarios.length} ${scenarios.length === 1 ? 'scenario' : 'scenarios'}${trunks === undefined ? '' : `; trunks ${en.trunks[trunks]}`}${tunnels === undefined ? '' : `; tunnels ${en.tunnels[tunnels]}`}${lost ? '; it became unavailable, and its remaining scenarios ran on other engines' : ''}`,
  noFix: 'No change of one or two settings was found that would fix it.',
  noFixFromDisagreement: 'Prediction and observation differ, so no change is proposed.',
  outcomes: {
    answered: 'a reply',
    'no-answer': 'no reply',
    timeout: 'timeout',
    closed: 'connection closed',
    'wrong-answer': 'wrong reply',
    'ttl-exceeded': 'TTL exceeded',
  },
  control: ({ from, to, address, protocol, port }) =>
    `${from} → ${to === null ? '' : `${to} `}${protocol === 'icmp' ? `${address} (ping)` : socketText(address, port)}`,
  outcomeGroups: (outcomeGroups) => outcomeGroups.map(groupText).join(', '),
  and: (changes) => changes.join(', and '),
};

/** For replies from another port than the called one. */
function ofPort(port: number | undefined): string {
  return port === undefined ? '' : `port ${port} of `;
}

function ownerText(owner: string | null, address: string): string {
  return owner === null ? address : `${owner} (${address})`;
}

function sawSource(seen: string | null): string {
  return seen === null ? 'The server saw no packet' : `The server saw the source ${seen}`;
}

function round(ms: number): number {
  return Math.round(ms);
}

function range({ atLeast, atMost }: Range): string {
  if (atLeast !== undefined && atLeast === atMost) return String(atLeast);
  return [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ].join(' and ');
}

const LEGS: Record<Leg, string> = { request: 'request', reply: 'reply', question: 'DNS query', answer: 'DNS answer' };

function ending(exitCode: number | null): string {
  // The exit code of an agent that was stopped; the harness did not stop it.
  if (exitCode === 0) return 'was stopped (exit code 0), for example by a restart of Docker';
  if (exitCode === KILLED) return `was killed (exit code ${KILLED}), for example by docker kill or for lack of memory`;
  return exitCode === null ? 'ended' : `ended with exit code ${exitCode}`;
}

function printed(output: string): string {
  return output === '' ? '' : ` Output: ${output}`;
}

function because(cause: Cause | null): string {
  return cause === null ? 'No cause was found.' : `${place(cause)}: ${say(en, cause.detail)}`;
}

function place(of: Place | null): string {
  return of === null ? 'none' : `${of.code} at ${of.node}`;
}

function outcome({ outcome: how, cause }: { outcome: 'works' | 'fails'; cause: Place | null }): string {
  return cause === null ? how : `${how} (${place(cause)})`;
}

function groupText({ outcome: how, cause, servers }: OutcomeGroup): string {
  const whom = servers.length === 0 ? '' : ` for ${namesText(servers)}`;
  return `${how}${whom}${cause === null ? '' : ` (${cause})`}`;
}

function share(part: number, attempts: number): string {
  return attempts === 1 ? '' : ` (${part} of ${attempts} attempts)`;
}

function at(hop: HopDifference | null): string {
  if (hop === null) return '';
  const [seen, predicted] = [hop.seen, hop.predicted].map((step) => (step === null ? 'nothing' : stepText(step)));
  return ` At hop ${hop.number} of the ${LEGS[hop.leg]}: seen ${seen}, predicted ${predicted}.`;
}
