import type { ProfileName } from '../../terms/profile-name.ts';
import { BY_GATEWAY, type Profile, type Rule, SECOND } from './profile.ts';

const AWS = 'https://docs.aws.amazon.com/elasticloadbalancing/latest/network';
/** At the commit that was read. */
const AWS_GUIDE =
  'https://github.com/awsdocs/elb-network-load-balancers-user-guide/blob/0c49c9c05f63caa283e8cf4acce918fc5816be44/doc_source';

const DOCUMENTS = {
  targets: {
    title: 'AWS: Edit target group attributes for your Network Load Balancer',
    url: `${AWS}/edit-target-group-attributes.html#client-ip-preservation`,
  },
  idle: {
    title: 'AWS: Network Load Balancers, Connection idle timeout',
    url: `${AWS_GUIDE}/network-load-balancers.md#connection-idle-timeout`,
  },
  hash: { title: 'AWS: What is a Network Load Balancer?', url: `${AWS_GUIDE}/introduction.md` },
  trouble: {
    title: 'AWS: Troubleshoot your Network Load Balancer',
    url: `${AWS_GUIDE}/load-balancer-troubleshooting.md`,
  },
  loopback: {
    title: 'AWS re:Post: Why does a target behind my Network Load Balancer fail to connect to it?',
    url: 'https://repost.aws/knowledge-center/target-connection-fails-load-balancer',
  },
};

const RULES: Rule[] = [
  {
    statement: 'A target is picked by a hash of protocol, addresses and ports (and, for TCP, the sequence number).',
    document: DOCUMENTS.hash,
    sets: { service: { scheduler: 'maglev' } },
  },
  {
    statement: 'A TCP connection without data for 350 seconds is closed; data after that is answered with a reset.',
    document: DOCUMENTS.idle,
    when: 'tcp',
    sets: { l4: { idleTimeoutMs: 350 * SECOND, onIdle: 'reset' } },
  },
  {
    statement: 'A UDP flow expires after 120 seconds without packets.',
    document: DOCUMENTS.idle,
    when: 'udp',
    sets: { l4: { idleTimeoutMs: 120 * SECOND } },
  },
  {
    statement: 'If all targets are unhealthy, requests go to all of them.',
    document: DOCUMENTS.trouble,
    when: 'checked',
    sets: { service: { whenNoneUp: 'last-resort' } },
  },
];

const LEAVES = ['Availability Zones, and the DNS name with an address in each of them.'];

/** AWS: Network Load Balancer. */
export const AWS_PROFILES = {
  'aws-nlb': {
    product: 'AWS Network Load Balancer, client IP preservation on',
    rules: [
      {
        statement: 'Targets see the address of the client.',
        document: DOCUMENTS.targets,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'It tracks data of both the client and the target: replies cross it.',
        inLab: BY_GATEWAY,
        document: DOCUMENTS.idle,
        sets: { servers: { gateway: 'l4' } },
      },
      {
        statement: 'If a target calls its own load balancer, the connection succeeds only if another target is picked.',
        document: DOCUMENTS.trouble,
      },
      ...RULES,
    ],
    leaves: [...LEAVES],
    siblings: ['aws-nlb-no-client-ip'],
  },
  'aws-nlb-no-client-ip': {
    product: 'AWS Network Load Balancer, client IP preservation off',
    only: { protocol: 'tcp', why: 'client IP preservation cannot be disabled for UDP' },
    rules: [
      {
        statement: 'Targets see the private address of the load balancer.',
        document: DOCUMENTS.targets,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      {
        statement: 'If a target calls its own load balancer, the connection succeeds.',
        document: DOCUMENTS.loopback,
      },
      ...RULES,
    ],
    leaves: [
      ...LEAVES,
      'Limits of ports (AWS names 55,000 connections to each target for endpoint services): set `proxyPorts:`.',
    ],
    siblings: ['aws-nlb'],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
