import type { ProfileName } from '../../terms/profile-name.ts';
import type { Profile, Rule } from './profile.ts';

/** The documents are at the commits that were read. */
const K8S_DOCS = 'https://github.com/kubernetes/website/blob';
const METALLB_DOCS = 'https://github.com/metallb/metallb/blob';

const DOCUMENTS = {
  sourceIp: {
    title: 'Kubernetes: Using Source IP',
    url: `${K8S_DOCS}/0189ae0f6bf2a79ff2e4bfd5f9ec0da98d64c5d2/content/en/docs/tutorials/services/source-ip.md`,
  },
  proxy: {
    title: 'Kubernetes: Virtual IPs and Service Proxies',
    url: `${K8S_DOCS}/0180cc4bf06b4253f3bdf0b66d49b6c1b5feb105/content/en/docs/reference/networking/virtual-ips.md`,
  },
  chains: {
    title: 'Kubernetes source: kube-proxy, iptables/proxier.go',
    url: `https://github.com/kubernetes/kubernetes/blob/092dddd12ca4cc5e66597de66a81fc77fdd3f29b/pkg/proxy/iptables/proxier.go`,
  },
  metallb: {
    title: 'MetalLB in layer 2 mode',
    url: `${METALLB_DOCS}/238396d7927ed3eb3a353b8402b2edc7bd31d888/website/content/concepts/layer2.md`,
  },
  metallbPolicy: {
    title: 'MetalLB: Usage, Traffic policies',
    url: `${METALLB_DOCS}/07c6884ce9b432f124d7acd8cc7d967c843812b7/website/content/usage/_index.md#traffic-policies`,
  },
};

const RANDOM: Rule = {
  statement: 'In iptables mode a backend is chosen at random.',
  document: DOCUMENTS.proxy,
  sets: { service: { scheduler: 'random' } },
};

const OWN_CALLS: Rule = {
  statement:
    'The rules for services are hooked into OUTPUT and PREROUTING: calls of the node itself are balanced as well.',
  document: DOCUMENTS.chains,
  sets: { service: { ownCalls: true } },
};

const LEAVES = [
  'Endpoints are checked by the kubelet of their own node, not by the node that balances; use `check:` instead.',
];

const ITSELF =
  'An L4 in the pool is an endpoint with `hostNetwork` on that node: it sees the client, because source NAT is at POSTROUTING.';

/** Kubernetes: kube-proxy, and MetalLB in front of it. */
export const KUBERNETES_PROFILES = {
  'kube-proxy-cluster': {
    product: 'kube-proxy, externalTrafficPolicy Cluster',
    rules: [
      {
        statement: 'The node replaces the source address with its own.',
        document: DOCUMENTS.sourceIp,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      RANDOM,
      OWN_CALLS,
    ],
    leaves: [...LEAVES, ITSELF],
    siblings: ['kube-proxy-local'],
  },
  'kube-proxy-local': {
    product: 'kube-proxy, externalTrafficPolicy Local',
    rules: [
      {
        statement: 'The source address of the client is preserved.',
        document: DOCUMENTS.sourceIp,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'Traffic goes only to endpoints on the same node.',
        inLab: 'Their replies cross their node: the L4 is the servers’ gateway.',
        document: DOCUMENTS.sourceIp,
        sets: { servers: { gateway: 'l4' } },
      },
      RANDOM,
      OWN_CALLS,
    ],
    leaves: [
      ...LEAVES,
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
      RANDOM,
      OWN_CALLS,
    ],
    leaves: [
      ...LEAVES,
      'Failover to another node: put the nodes in `pairs:`. VRRP replaces MetalLB’s memberlist; both send gratuitous ARP.',
    ],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
