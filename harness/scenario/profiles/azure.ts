import type { ProfileName } from '../../terms/profile-name.ts';
import { BY_GATEWAY, MINUTE, type Profile } from './profile.ts';

/** The documents are at the commits that were read. */
const AZURE_DOCS = 'https://github.com/MicrosoftDocs/azure-docs/blob';

const DOCUMENTS = {
  concepts: {
    title: 'Azure Load Balancer concepts',
    url: `${AZURE_DOCS}/0377a2ed0cbaacf015f1d96e87d5e9b80884d0c5/articles/load-balancer/concepts.md`,
  },
  parts: {
    title: 'Azure Load Balancer components and limitations',
    url: `${AZURE_DOCS}/096f73c0ea5555b9793774a983e3025b1afa0d4e/articles/load-balancer/concepts-limitations.md`,
  },
  idle: {
    title: 'Azure: Load Balancer TCP Reset and Idle Timeout',
    url: `${AZURE_DOCS}/04273a9f986e0dd4a20b9ab4854c8a9afc99fef1/articles/load-balancer/load-balancer-tcp-reset.md`,
  },
  minutes: {
    title: 'Azure: Configure TCP reset and idle timeout for Azure Load Balancer',
    url: `${AZURE_DOCS}/0b8729eaf7eb0aabc6390cb17348d19761285f12/articles/load-balancer/load-balancer-tcp-idle-timeout.md`,
  },
  probes: {
    title: 'Azure Load Balancer health probes',
    url: `${AZURE_DOCS}/0147a273480074f403a227e7194144a2173b9840/articles/load-balancer/load-balancer-custom-probe-overview.md`,
  },
};

/** Microsoft Azure: Load Balancer. */
export const AZURE_PROFILES = {
  'azure-lb': {
    product: 'Azure Load Balancer, without Floating IP',
    rules: [
      {
        statement: 'The headers of flows are rewritten toward backends; the source address of the client is preserved.',
        document: DOCUMENTS.concepts,
        sets: { service: { mode: 'dnat' } },
      },
      {
        statement: 'Replies of backends are mapped the other way around.',
        inLab: BY_GATEWAY,
        document: DOCUMENTS.parts,
        sets: { servers: { gateway: 'l4' } },
      },
      {
        statement:
          'If a backend calls the frontend of its own internal load balancer, the flow fails if it is mapped back to the same backend, and succeeds otherwise.',
        document: DOCUMENTS.parts,
      },
      {
        statement: 'A backend is picked by a five-tuple hash: addresses, ports and protocol.',
        document: DOCUMENTS.concepts,
        sets: { service: { scheduler: 'maglev' } },
      },
      {
        statement: 'The idle timeout of TCP is 4 minutes by default.',
        document: DOCUMENTS.minutes,
        when: 'tcp',
        sets: { l4: { idleTimeoutMs: 4 * MINUTE } },
      },
      {
        statement: 'By default flows are silently dropped after it.',
        document: DOCUMENTS.idle,
        when: 'tcp',
        sets: { l4: { onIdle: 'silent' } },
      },
      {
        statement: 'IPv4 probes come from 168.63.129.16; a backend whose firewall blocks this address is marked down.',
        document: DOCUMENTS.probes,
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
} satisfies Partial<Record<ProfileName, Profile>>;
