import type { ProfileName } from '../terms/profile-name.ts';
import type { NodeSettings, ScenarioFile } from './schema.ts';

type Service = ScenarioFile['services'][string];

/** Behaviour of a product according to its documents, as settings that the author can override. */
export interface Profile {
  /** Full name of the product and its configuration. */
  product: string;
  /** The only supported protocol, and why. */
  only?: { protocol: Service['protocol']; why: string };
  rules: Rule[];
  /** Documented behaviour that the profile does not set. */
  leaves: string[];
  /** Other profiles of the same product. */
  siblings?: ProfileName[];
}

export interface Rule {
  statement: string;
  /** How a lab models it, if this is not obvious. */
  inLab?: string;
  document: { title: string; url: string };
  /** The only services that it applies to. */
  when?: 'tcp' | 'udp' | 'checked' | 'checked-ipv4';
  /** Absent if it follows from other rules, or from what every load balancer in a lab does. */
  sets?: Sets;
}

export interface Sets {
  service?: Partial<Pick<Service, 'mode' | 'proxyIp' | 'scheduler' | 'ownCalls' | 'whenNoneUp'>>;
  /** Fields of a check that the author wrote. */
  check?: Partial<Pick<NonNullable<Service['check']>, 'source' | 'target'>>;
  /** Settings of its servers; `VIP` means the service, `l4` its L4. */
  servers?: Pick<NodeSettings, 'gateway' | 'loopback' | 'arpIgnore' | 'arpAnnounce'>;
  /** Settings of its L4s. */
  l4?: Pick<NodeSettings, 'idleTimeoutMs' | 'onIdle' | 'loopback'>;
}

/** Means the service itself in lists of services. */
export const VIP = 'VIP';

const AWS = 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network';
const GCP = 'https://cloud.google.com/load-balancing/docs';
const GITHUB = 'https://github.com';
/** Sources of documents, at the commits that were read. */
const AWS_GUIDE = `${GITHUB}/awsdocs/elb-network-load-balancers-user-guide/blob/0c49c9c05f63caa283e8cf4acce918fc5816be44/doc_source`;
const AZURE_DOCS = `${GITHUB}/MicrosoftDocs/azure-docs/blob`;
const K8S_DOCS = `${GITHUB}/kubernetes/website/blob`;
const METALLB_DOCS = `${GITHUB}/metallb/metallb/blob`;
const LINUX = `${GITHUB}/torvalds/linux/blob`;

const DOCUMENTS = {
  awsTargets: {
    title: 'AWS: Edit target group attributes for your Network Load Balancer',
    url: `${AWS}/edit-target-group-attributes.html#client-ip-preservation`,
  },
  awsIdle: {
    title: 'AWS: Network Load Balancers, Connection idle timeout',
    url: `${AWS_GUIDE}/network-load-balancers.md#connection-idle-timeout`,
  },
  awsHash: { title: 'AWS: What is a Network Load Balancer?', url: `${AWS_GUIDE}/introduction.md` },
  awsTrouble: {
    title: 'AWS: Troubleshoot your Network Load Balancer',
    url: `${AWS_GUIDE}/load-balancer-troubleshooting.md`,
  },
  awsLoopback: {
    title: 'AWS re:Post: Why does a target behind my Network Load Balancer fail to connect to it?',
    url: 'https://repost.aws/knowledge-center/target-connection-fails-load-balancer',
  },
  azureConcepts: {
    title: 'Azure Load Balancer concepts',
    url: `${AZURE_DOCS}/0377a2ed0cbaacf015f1d96e87d5e9b80884d0c5/articles/load-balancer/concepts.md`,
  },
  azureParts: {
    title: 'Azure Load Balancer components and limitations',
    url: `${AZURE_DOCS}/096f73c0ea5555b9793774a983e3025b1afa0d4e/articles/load-balancer/concepts-limitations.md`,
  },
  azureIdle: {
    title: 'Azure: Load Balancer TCP Reset and Idle Timeout',
    url: `${AZURE_DOCS}/04273a9f986e0dd4a20b9ab4854c8a9afc99fef1/articles/load-balancer/load-balancer-tcp-reset.md`,
  },
  azureMinutes: {
    title: 'Azure: Configure TCP reset and idle timeout for Azure Load Balancer',
    url: `${AZURE_DOCS}/0b8729eaf7eb0aabc6390cb17348d19761285f12/articles/load-balancer/load-balancer-tcp-idle-timeout.md`,
  },
  azureProbes: {
    title: 'Azure Load Balancer health probes',
    url: `${AZURE_DOCS}/0147a273480074f403a227e7194144a2173b9840/articles/load-balancer/load-balancer-custom-probe-overview.md`,
  },
  gcpPassthrough: {
    title: 'Google Cloud: Passthrough Network Load Balancer overview',
    url: `${GCP}/passthrough-network-load-balancer`,
  },
  gcpInternal: {
    title: 'Google Cloud: Internal passthrough Network Load Balancer overview',
    url: `${GCP}/internal`,
  },
  gcpTraffic: {
    title: 'Google Cloud: Traffic distribution for internal passthrough Network Load Balancers',
    url: `${GCP}/internal/int-netlb-traffic-distribution`,
  },
  f5Automap: {
    title: 'F5 iControl REST: tm/ltm/snat, `automap`',
    url: 'https://clouddocs.f5.com/api/icontrol-rest/APIRef_tm_ltm_snat.html',
  },
  f5Profile: {
    title: 'F5 AS3 schema reference: L4_Profile',
    url: 'https://clouddocs.f5.com/products/extensions/f5-appsvcs-extension/latest/refguide/schemaref/L4_Profile.schema.json.html',
  },
  f5Npath: {
    title: 'F5 BIG-IP LTM Implementations: Configuring nPath Routing',
    url: 'https://techdocs.f5.com/kb/en-us/products/big-ip_ltm/manuals/product/ltm-implementations-12-1-0/4.html',
  },
  a10: {
    title: 'A10 AX Series Configuration Guide: Direct Server Return',
    url: 'https://1library.net/article/direct-server-return-transparent-advanced-traffic-manager-configuration.ydo9n16z',
  },
  k8sSource: {
    title: 'Kubernetes: Using Source IP',
    url: `${K8S_DOCS}/0189ae0f6bf2a79ff2e4bfd5f9ec0da98d64c5d2/content/en/docs/tutorials/services/source-ip.md`,
  },
  k8sProxy: {
    title: 'Kubernetes: Virtual IPs and Service Proxies',
    url: `${K8S_DOCS}/0180cc4bf06b4253f3bdf0b66d49b6c1b5feb105/content/en/docs/reference/networking/virtual-ips.md`,
  },
  k8sChains: {
    title: 'Kubernetes source: kube-proxy, iptables/proxier.go',
    url: `${GITHUB}/kubernetes/kubernetes/blob/092dddd12ca4cc5e66597de66a81fc77fdd3f29b/pkg/proxy/iptables/proxier.go`,
  },
  metallb: {
    title: 'MetalLB in layer 2 mode',
    url: `${METALLB_DOCS}/238396d7927ed3eb3a353b8402b2edc7bd31d888/website/content/concepts/layer2.md`,
  },
  metallbPolicy: {
    title: 'MetalLB: Usage, Traffic policies',
    url: `${METALLB_DOCS}/07c6884ce9b432f124d7acd8cc7d967c843812b7/website/content/usage/_index.md#traffic-policies`,
  },
  ipvsadm: {
    title: 'ipvsadm(8)',
    url: 'https://manpages.ubuntu.com/manpages/jammy/man8/ipvsadm.8.html',
  },
  lvsArp: {
    title: 'LVS Knowledge Base: ARP Issues in LVS/DR and LVS/TUN Clusters',
    url: 'http://kb.linux-vs.org/wiki?title=ARP_Issues_in_LVS%2FDR_and_LVS%2FTUN_Clusters',
  },
  ipvsTcp: {
    title: 'Linux source: ip_vs_proto_tcp.c',
    url: `${LINUX}/0134e89c7bcc9fde1da962c82a120691e185619f/net/netfilter/ipvs/ip_vs_proto_tcp.c`,
  },
  ipvsUdp: {
    title: 'Linux source: ip_vs_proto_udp.c',
    url: `${LINUX}/0a4fd6ce92460ec325f7e56813645e4308da170e/net/netfilter/ipvs/ip_vs_proto_udp.c`,
  },
} satisfies Record<string, Rule['document']>;

/** The VIP on the loopback without answering ARP, as Linux servers need for DSR. */
const QUIET_VIP = { loopback: [VIP], arpIgnore: 1, arpAnnounce: 2 };

const BY_GATEWAY = 'The L4 is the servers’ gateway.';
const HELD = 'Servers hold the VIP and send no ARP for it.';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const AWS_RULES: Rule[] = [
  {
    statement: 'A target is picked by a hash of protocol, addresses and ports (and, for TCP, the sequence number).',
    document: DOCUMENTS.awsHash,
    sets: { service: { scheduler: 'maglev' } },
  },
  {
    statement: 'A TCP connection without data for 350 seconds is closed; data after that is answered with a reset.',
    document: DOCUMENTS.awsIdle,
    when: 'tcp',
    sets: { l4: { idleTimeoutMs: 350 * SECOND, onIdle: 'reset' } },
  },
  {
    statement: 'A UDP flow expires after 120 seconds without packets.',
    document: DOCUMENTS.awsIdle,
    when: 'udp',
    sets: { l4: { idleTimeoutMs: 120 * SECOND } },
  },
  {
    statement: 'If all targets are unhealthy, requests go to all of them.',
    document: DOCUMENTS.awsTrouble,
    when: 'checked',
    sets: { service: { whenNoneUp: 'last-resort' } },
  },
];

const AWS_LEAVES = ['Availability Zones, and the DNS name with an address in each of them.'];

const F5_IDLE: Rule = {
  statement: 'FastL4: a connection that is idle for 300 seconds is eligible for deletion.',
  document: DOCUMENTS.f5Profile,
  sets: { l4: { idleTimeoutMs: 300 * SECOND } },
};

const KUBE_RANDOM: Rule = {
  statement: 'In iptables mode a backend is chosen at random.',
  document: DOCUMENTS.k8sProxy,
  sets: { service: { scheduler: 'random' } },
};

const KUBE_OWN_CALLS: Rule = {
  statement:
    'The rules for services are hooked into OUTPUT and PREROUTING: calls of the node itself are balanced as well.',
  document: DOCUMENTS.k8sChains,
  sets: { service: { ownCalls: true } },
};

const KUBE_LEAVES = [
  'Endpoints are checked by the kubelet of their own node, not by the node that balances; use `check:` instead.',
];

const IPVS_RULES: Rule[] = [
  {
    statement: 'The default scheduler is wlc, weighted least-connection.',
    document: DOCUMENTS.ipvsadm,
    sets: { service: { scheduler: 'least-connections' } },
  },
  {
    statement: 'An established TCP connection expires after 15 minutes without packets.',
    document: DOCUMENTS.ipvsTcp,
    when: 'tcp',
    sets: { l4: { idleTimeoutMs: 15 * MINUTE } },
  },
  {
    statement: 'A UDP flow expires after 5 minutes without packets.',
    document: DOCUMENTS.ipvsUdp,
    when: 'udp',
    sets: { l4: { idleTimeoutMs: 5 * MINUTE } },
  },
];

export const PROFILES: Record<ProfileName, Profile> = {
  'aws-nlb': {
    product: 'AWS Network Load Balancer, client IP preservation on',
    rules: [
      {
        statement: 'Targets see the address of the client.',
        document: DOCUMENTS.awsTargets,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'It tracks data of both the client and the target: replies cross it.',
        inLab: BY_GATEWAY,
        document: DOCUMENTS.awsIdle,
        sets: { servers: { gateway: 'l4' } },
      },
      {
        statement: 'If a target calls its own load balancer, the connection succeeds only if another target is picked.',
        document: DOCUMENTS.awsTrouble,
      },
      ...AWS_RULES,
    ],
    leaves: [...AWS_LEAVES],
    siblings: ['aws-nlb-no-client-ip'],
  },
  'aws-nlb-no-client-ip': {
    product: 'AWS Network Load Balancer, client IP preservation off',
    only: { protocol: 'tcp', why: 'client IP preservation cannot be disabled for UDP' },
    rules: [
      {
        statement: 'Targets see the private address of the load balancer.',
        document: DOCUMENTS.awsTargets,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      {
        statement: 'If a target calls its own load balancer, the connection succeeds.',
        document: DOCUMENTS.awsLoopback,
      },
      ...AWS_RULES,
    ],
    leaves: [
      ...AWS_LEAVES,
      'Limits of ports (AWS names 55,000 connections to each target for endpoint services): set `proxyPorts:`.',
    ],
    siblings: ['aws-nlb'],
  },
  'azure-lb': {
    product: 'Azure Load Balancer, without Floating IP',
    rules: [
      {
        statement: 'The headers of flows are rewritten toward backends; the source address of the client is preserved.',
        document: DOCUMENTS.azureConcepts,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'Replies of backends are mapped the other way around.',
        inLab: BY_GATEWAY,
        document: DOCUMENTS.azureParts,
        sets: { servers: { gateway: 'l4' } },
      },
      {
        statement:
          'If a backend calls the frontend of its own internal load balancer, the flow fails if it is mapped back to the same backend, and succeeds otherwise.',
        document: DOCUMENTS.azureParts,
      },
      {
        statement: 'A backend is picked by a five-tuple hash: addresses, ports and protocol.',
        document: DOCUMENTS.azureConcepts,
        sets: { service: { scheduler: 'maglev' } },
      },
      {
        statement: 'The idle timeout of TCP is 4 minutes by default.',
        document: DOCUMENTS.azureMinutes,
        when: 'tcp',
        sets: { l4: { idleTimeoutMs: 4 * MINUTE } },
      },
      {
        statement: 'By default flows are silently dropped after it.',
        document: DOCUMENTS.azureIdle,
        when: 'tcp',
        sets: { l4: { onIdle: 'silent' } },
      },
      {
        statement: 'IPv4 probes come from 168.63.129.16; a backend whose firewall blocks this address is marked down.',
        document: DOCUMENTS.azureProbes,
        when: 'checked-ipv4',
        sets: { check: { source: '168.63.129.16' }, l4: { loopback: ['168.63.129.16'] } },
      },
    ],
    leaves: [
      'If all probes fail, new flows get no answer; a lab refuses them.',
      'TCP Reset on Idle is sent when the timeout expires; with `onIdle: reset` a lab sends it in response to the next packet.',
      'Floating IP: use `mode: dsr` with the VIP on the servers’ loopback instead of `like`.',
    ],
  },
  'gcp-passthrough': {
    product: 'Google Cloud passthrough Network Load Balancer',
    rules: [
      {
        statement:
          'Backends receive packets with unchanged addresses and ports; replies go directly to clients, not back through the load balancer.',
        document: DOCUMENTS.gcpPassthrough,
        sets: { service: { mode: 'dsr' }, servers: { gateway: 'l3' } },
      },
      {
        statement: 'The guest agent of every backend VM installs a local route for the address of the load balancer.',
        inLab: 'Servers hold the VIP and send no ARP for it, because Google’s network does not use their ARP replies.',
        document: DOCUMENTS.gcpInternal,
        sets: { servers: QUIET_VIP },
      },
      {
        statement: 'A backend is selected by consistent hashing, and kept in a connection tracking table.',
        document: DOCUMENTS.gcpTraffic,
        sets: { service: { scheduler: 'maglev' } },
      },
      {
        statement: 'If all backends are unhealthy, new connections go to all of them as a last resort.',
        document: DOCUMENTS.gcpTraffic,
        when: 'checked',
        sets: { service: { whenNoneUp: 'last-resort' } },
      },
    ],
    leaves: [
      'Probes come from address ranges of Google (https://cloud.google.com/load-balancing/docs/firewall-rules): put one of these addresses on the loopback of the L4, and set `check: { source: … }`.',
      'How long an idle connection is tracked: set `idleTimeoutMs` of the L4.',
    ],
  },
  'f5-automap': {
    product: 'F5 BIG-IP LTM, FastL4 with SNAT Auto Map',
    rules: [
      {
        statement: 'The source address is translated to an available self IP address.',
        document: DOCUMENTS.f5Automap,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      F5_IDLE,
      {
        statement: 'A connection that times out is reset (`resetOnTimeout`, true by default).',
        document: DOCUMENTS.f5Profile,
        when: 'tcp',
        sets: { l4: { onIdle: 'reset' } },
      },
    ],
    leaves: ['The product sends the reset when the timeout expires; a lab sends it in response to the next packet.'],
    siblings: ['f5-npath'],
  },
  'f5-npath': {
    product: 'F5 BIG-IP LTM, layer 2 nPath routing',
    rules: [
      {
        statement: 'The virtual server does not translate, and return packets bypass the BIG-IP.',
        inLab: HELD,
        document: DOCUMENTS.f5Npath,
        sets: { service: { mode: 'dsr' }, servers: QUIET_VIP },
      },
      {
        statement: 'The default route of the servers is the router, not the self IP address of the BIG-IP.',
        document: DOCUMENTS.f5Npath,
        sets: { servers: { gateway: 'l3' } },
      },
      F5_IDLE,
    ],
    leaves: ['Loose Close: the BIG-IP removes a connection when it has seen one side close.'],
    siblings: ['f5-automap'],
  },
  'a10-dsr': {
    product: 'A10 AX and Thunder, Direct Server Return',
    rules: [
      {
        statement:
          'Replies of servers do not pass back through the device; device, virtual server and servers are in one subnet.',
        inLab: HELD,
        document: DOCUMENTS.a10,
        sets: { service: { mode: 'dsr' }, servers: QUIET_VIP },
      },
      {
        statement: 'The default health check goes to the real addresses of the servers, not to the VIP.',
        document: DOCUMENTS.a10,
        when: 'checked',
        sets: { check: { target: 'server' } },
      },
    ],
    leaves: ['Checks of the VIP (DSR health checking): set `check: { target: vip }`.'],
  },
  'kube-proxy-cluster': {
    product: 'kube-proxy, externalTrafficPolicy Cluster',
    rules: [
      {
        statement: 'The node replaces the source address with its own.',
        document: DOCUMENTS.k8sSource,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      KUBE_RANDOM,
      KUBE_OWN_CALLS,
    ],
    leaves: KUBE_LEAVES,
    siblings: ['kube-proxy-local'],
  },
  'kube-proxy-local': {
    product: 'kube-proxy, externalTrafficPolicy Local',
    rules: [
      {
        statement: 'The source address of the client is preserved.',
        document: DOCUMENTS.k8sSource,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'Traffic goes only to endpoints on the same node.',
        inLab: 'Their replies cross their node: the L4 is the servers’ gateway.',
        document: DOCUMENTS.k8sSource,
        sets: { servers: { gateway: 'l4' } },
      },
      KUBE_RANDOM,
      KUBE_OWN_CALLS,
    ],
    leaves: [
      ...KUBE_LEAVES,
      'A node without endpoints drops traffic: the pool is the endpoints of one node.',
      'kube-proxy uses the node’s address as source if an endpoint calls the service and is picked itself; in a lab this call fails. Calls of nodes and endpoints may reach endpoints of all nodes.',
    ],
    siblings: ['kube-proxy-cluster'],
  },
  'metallb-l2': {
    product: 'MetalLB in layer 2 mode, with kube-proxy and externalTrafficPolicy Cluster',
    rules: [
      {
        statement: 'One node answers ARP and NDP requests for the address, and receives all traffic for it.',
        document: DOCUMENTS.metallb,
      },
      {
        statement: 'From there kube-proxy balances it over all endpoints, and hides the source address.',
        document: DOCUMENTS.metallbPolicy,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      KUBE_RANDOM,
      KUBE_OWN_CALLS,
    ],
    leaves: [
      ...KUBE_LEAVES,
      'Failover to another node: put the nodes in `pairs:`. VRRP replaces MetalLB’s memberlist; both send gratuitous ARP.',
    ],
  },
  'ipvs-dr': {
    product: 'Linux Virtual Server, direct routing (`ipvsadm -g`)',
    rules: [
      {
        statement: 'Gatewaying: direct routing to the real servers.',
        document: DOCUMENTS.ipvsadm,
        sets: { service: { mode: 'dsr' } },
      },
      {
        statement:
          'Real servers use the VIP to process packets locally, with ARP for it disabled (by `arp_ignore` and `arp_announce`).',
        document: DOCUMENTS.lvsArp,
        sets: { servers: QUIET_VIP },
      },
      ...IPVS_RULES,
    ],
    leaves: [],
    siblings: ['ipvs-nat'],
  },
  'ipvs-nat': {
    product: 'Linux Virtual Server, NAT (`ipvsadm -m`)',
    rules: [
      {
        statement: 'Masquerading: network address translation to a real server.',
        document: DOCUMENTS.ipvsadm,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'The default route of the real servers is the director.',
        document: DOCUMENTS.ipvsadm,
        sets: { servers: { gateway: 'l4' } },
      },
      ...IPVS_RULES,
      {
        statement:
          'Only a SYN is scheduled; other segments without a connection are accepted as if for the director itself.',
        inLab: 'The director has no such connection, and answers with a reset.',
        document: DOCUMENTS.ipvsTcp,
        when: 'tcp',
        sets: { l4: { onIdle: 'reset' } },
      },
    ],
    leaves: [],
    siblings: ['ipvs-dr'],
  },
};
