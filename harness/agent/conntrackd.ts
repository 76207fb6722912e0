import { host } from '../scenario/address.ts';
import type { NodePlan } from '../terms/plan.ts';
import type { PairPlan } from '../terms/timeline.ts';

const SYNC_GROUP = '225.0.0.50';
/** What members say to one another is no connection to be told of: VRRP, IGMP, and the telling itself. */
const MULTICAST = ['224.0.0.18', '224.0.0.22', SYNC_GROUP];

/** Below this folder a node keeps what belongs to its part in a pair. */
export const PAIR_FOLDER = '/run/l4lab/pair';

/**
 * Members tell each other that a connection is, not how far it has come: one that went by way of another member for a while
 * is beyond what the kernel would believe.
 */
export const SYNC_SYSCTLS = { 'net/netfilter/nf_conntrack_tcp_be_liberal': '1' };

/**
 * What conntrackd.conf(5) is for one member: each tells the others of every connection, who put it into their kernel at
 * once, so that a new master has it without being told. Multicast, as VRRP uses it: any number of members hear it.
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
