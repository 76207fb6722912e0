import type { ProfileName } from '../../terms/profile-name.ts';
import { MINUTE, type Profile, QUIET_VIP, type Rule } from './profile.ts';

/** The documents are at the commits that were read. */
const LINUX = 'https://github.com/torvalds/linux/blob';

const DOCUMENTS = {
  ipvsadm: {
    title: 'ipvsadm(8)',
    url: 'https://manpages.ubuntu.com/manpages/jammy/man8/ipvsadm.8.html',
  },
  arp: {
    title: 'LVS Knowledge Base: ARP Issues in LVS/DR and LVS/TUN Clusters',
    url: 'http://kb.linux-vs.org/wiki?title=ARP_Issues_in_LVS%2FDR_and_LVS%2FTUN_Clusters',
  },
  tcp: {
    title: 'Linux source: ip_vs_proto_tcp.c',
    url: `${LINUX}/0134e89c7bcc9fde1da962c82a120691e185619f/net/netfilter/ipvs/ip_vs_proto_tcp.c`,
  },
  udp: {
    title: 'Linux source: ip_vs_proto_udp.c',
    url: `${LINUX}/0a4fd6ce92460ec325f7e56813645e4308da170e/net/netfilter/ipvs/ip_vs_proto_udp.c`,
  },
};

const RULES: Rule[] = [
  {
    statement: 'The default scheduler is wlc, weighted least-connection.',
    document: DOCUMENTS.ipvsadm,
    sets: { service: { scheduler: 'least-connections' } },
  },
  {
    statement: 'An established TCP connection expires after 15 minutes without packets.',
    document: DOCUMENTS.tcp,
    when: 'tcp',
    sets: { l4: { idleTimeoutMs: 15 * MINUTE } },
  },
  {
    statement: 'A UDP flow expires after 5 minutes without packets.',
    document: DOCUMENTS.udp,
    when: 'udp',
    sets: { l4: { idleTimeoutMs: 5 * MINUTE } },
  },
];

/** Linux Virtual Server (IPVS). */
export const LINUX_VIRTUAL_SERVER_PROFILES = {
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
        document: DOCUMENTS.arp,
        sets: { servers: QUIET_VIP },
      },
      ...RULES,
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
      ...RULES,
      {
        statement:
          'Only a SYN is scheduled; other segments without a connection are accepted as if for the director itself.',
        inLab: 'The director has no such connection, and answers with a reset.',
        document: DOCUMENTS.tcp,
        when: 'tcp',
        sets: { l4: { onIdle: 'reset' } },
      },
    ],
    leaves: [],
    siblings: ['ipvs-dr'],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
