import type { ProfileName } from '../../terms/profile-name.ts';
import { HELD, type Profile, QUIET_VIP } from './profile.ts';

const GUIDE = {
  title: 'A10 AX Series Configuration Guide: Direct Server Return',
  url: 'https://1library.net/article/direct-server-return-transparent-advanced-traffic-manager-configuration.ydo9n16z',
};

/** A10 Networks. */
export const A10_PROFILES = {
  'a10-dsr': {
    product: 'A10 AX and Thunder, Direct Server Return',
    rules: [
      {
        statement:
          'Replies of servers do not pass back through the device; device, virtual server and servers are in one subnet.',
        inLab: HELD,
        document: GUIDE,
        sets: { service: { mode: 'dsr' }, servers: QUIET_VIP },
      },
      {
        statement: 'The default health check goes to the real addresses of the servers, not to the VIP.',
        document: GUIDE,
        when: 'checked',
        sets: { check: { target: 'server' } },
      },
    ],
    leaves: ['Checks of the VIP (DSR health checking): set `check: { target: vip }`.'],
  },
} satisfies Partial<Record<ProfileName, Profile>>;
