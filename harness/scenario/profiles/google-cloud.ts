import type { ProfileName } from '../../terms/profile-name.ts';
import { type Profile, QUIET_VIP } from './profile.ts';

const GCP = 'https://cloud.google.com/load-balancing/docs';

const DOCUMENTS = {
  passthrough: {
    title: 'Google Cloud: Passthrough Network Load Balancer overview',
    url: `${GCP}/passthrough-network-load-balancer`,
  },
  internal: {
    title: 'Google Cloud: Internal passthrough Network Load Balancer overview',
    url: `${GCP}/internal`,
  },
  traffic: {
    title: 'Google Cloud: Traffic distribution for internal passthrough Network Load Balancers',
    url: `${GCP}/internal/int-netlb-traffic-distribution`,
  },
};

/** Google Cloud: passthrough Network Load Balancer. */
export const GOOGLE_CLOUD_PROFILES = {
  'gcp-passthrough': {
    product: 'Google Cloud passthrough Network Load Balancer',
    rules: [
      {
        statement:
          'Backends receive packets with unchanged addresses and ports; replies go directly to clients, not back through the load balancer.',
        document: DOCUMENTS.passthrough,
        sets: { service: { mode: 'dsr' }, servers: { gateway: 'l3' } },
      },
      {
        statement: 'The guest agent of every backend VM installs a local route for the address of the load balancer.',
        inLab: 'Servers hold the VIP and send no ARP for it, because Google’s network does not use their ARP replies.',
        document: DOCUMENTS.internal,
        sets: { servers: QUIET_VIP },
      },
      {
        statement: 'A backend is selected by consistent hashing, and kept in a connection tracking table.',
        document: DOCUMENTS.traffic,
        sets: { service: { scheduler: 'maglev' } },
      },
      {
        statement: 'If all backends are unhealthy, new connections go to all of them as a last resort.',
        document: DOCUMENTS.traffic,
        when: 'checked',
        sets: { service: { whenNoneUp: 'last-resort' } },
      },
    ],
    leaves: [
      'Probes come from address ranges of Google (https://cloud.google.com/load-balancing/docs/firewall-rules): put one of these addresses on the loopback of the L4, and set `check: { source: … }`.',
      'How long an idle connection is tracked: set `idleTimeoutMs` of the L4.',
    ],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
