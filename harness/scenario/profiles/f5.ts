import type { ProfileName } from '../../terms/profile-name.ts';
import { HELD, type Profile, QUIET_VIP, type Rule, SECOND } from './profile.ts';

const DOCUMENTS = {
  automap: {
    title: 'F5 iControl REST: tm/ltm/snat, `automap`',
    url: 'https://clouddocs.f5.com/api/icontrol-rest/APIRef_tm_ltm_snat.html',
  },
  profile: {
    title: 'F5 AS3 schema reference: L4_Profile',
    url: 'https://clouddocs.f5.com/products/extensions/f5-appsvcs-extension/latest/refguide/schemaref/L4_Profile.schema.json.html',
  },
  npath: {
    title: 'F5 BIG-IP LTM Implementations: Configuring nPath Routing',
    url: 'https://techdocs.f5.com/kb/en-us/products/big-ip_ltm/manuals/product/ltm-implementations-12-1-0/4.html',
  },
};

const IDLE: Rule = {
  statement: 'FastL4: a connection that is idle for 300 seconds is eligible for deletion.',
  document: DOCUMENTS.profile,
  sets: { l4: { idleTimeoutMs: 300 * SECOND } },
};

/** F5 BIG-IP. */
export const F5_PROFILES = {
  'f5-automap': {
    product: 'F5 BIG-IP LTM, FastL4 with SNAT Auto Map',
    rules: [
      {
        statement: 'The source address is translated to an available self IP address.',
        document: DOCUMENTS.automap,
        sets: { service: { mode: 'proxy', proxyIp: 'auto' } },
      },
      IDLE,
      {
        statement: 'A connection that times out is reset (`resetOnTimeout`, true by default).',
        document: DOCUMENTS.profile,
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
        document: DOCUMENTS.npath,
        sets: { service: { mode: 'dsr' }, servers: QUIET_VIP },
      },
      {
        statement: 'The default route of the servers is the router, not the self IP address of the BIG-IP.',
        document: DOCUMENTS.npath,
        sets: { servers: { gateway: 'l3' } },
      },
      IDLE,
    ],
    leaves: ['Loose Close: the BIG-IP removes a connection when it has seen one side close.'],
    siblings: ['f5-automap'],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
