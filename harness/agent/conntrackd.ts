import { host } from '../scenario/address.ts';
import type { NodePlan, PairPlan } from '../terms/plan.ts';

const SYNC_GROUP = '225.0.0.50';
/** Not synchronised: VRRP, IGMP and the sync traffic itself. */
const MULTICAST = ['224.0.0.18', '224.0.0.22', SYNC_GROUP];

/** Directory of a pair member's files. */
export const PAIR_FOLDER = '/run/l4lab/pair';

/**
 * Members synchronize connections without sequence numbers: after the connection has used another member for a while,
 * its segments are outside the window that the kernel would accept.
 */
export const SYNC_SYSCTLS = { 'net/netfilter/nf_conntrack_tcp_be_liberal': '1' };

/**
 * conntrackd.conf(5) of one member: each sends every connection to the others, which insert it into their kernel
 * immediately, so that a new master already has it. Multicast, like VRRP, reaches any number of members.
 */
export function conntrackdConfig(pair: PairPlan, node: NodePlan): string {
  const { iface } = pair.members.find((member) => member.node === node.name)!;
  const own = node.interfaces.flatMap(({ addresses }) => addresses.map(host));
  const address = node.interfaces
    .filter(({ name }) => name === iface)
    .flatMap(({ addresses }) => addresses.map(host))
    .find((one) => !one.includes(':'))!;
  const ignored = ['127.0.0.1', ...own, ...MULTICAST].map((one) => `IPv${one.includes(':') ? 6 : 4}_address ${one}`);
  return `Sync {
  Mode FTFW {
    DisableExternalCache on
    StartupResync on
  }
  Multicast {
    IPv4_address ${SYNC_GROUP}
    Group ${3780 + pair.id}
    IPv4_interface ${address}
    Interface ${iface}
    Checksum on
  }
}
General {
  HashSize 8192
  HashLimit 65535
  Syslog off
  LogFile off
  LockFile ${PAIR_FOLDER}/conntrackd.lock
  UNIX {
    Path ${PAIR_FOLDER}/conntrackd.ctl
  }
  Filter From Kernelspace {
    Address Ignore {
      ${ignored.join('\n      ')}
    }
  }
}
`;
}
