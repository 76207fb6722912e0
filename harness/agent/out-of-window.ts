import type { Socket } from 'node:net';
import { program } from './programs/program.ts';

const TABLE = 'inet l4lab_out_of_window';

/**
 * A segment of a connection in the set gets 2^30 added to its sequence number, which is beyond any window (RFC 7323, 2.3),
 * and takes the connection out of the set: what TCP sends again is as it should be. At output the node's own conntrack has
 * seen it, and NAT has not.
 */
const RULES = `table ${TABLE} {
  set connections { type inet_service . inet_service; flags dynamic; size 65535; }
  chain output {
    type filter hook output priority mangle; policy accept;
    tcp flags & psh != 0 tcp sport . tcp dport @connections jump spoil
  }
  chain spoil {
    delete @connections { tcp sport . tcp dport }
    tcp sequence & 0x40000000 == 0 tcp sequence set tcp sequence ^ 0x40000000 return
    tcp sequence set tcp sequence ^ 0xc0000000
  }
}
`;

let made: Promise<unknown> | null = null;

/** The next data that this node sends on a connection leaves with a sequence number out of the window. */
export async function sendNextOutOfWindow({ localPort, remotePort }: Socket): Promise<void> {
  const element = `add element ${TABLE} connections { ${localPort} . ${remotePort} }\n`;
  const isFirst = made === null;
  made ??= program(['nft', '-f', '-'], RULES + element);
  await made;
  if (!isFirst) await program(['nft', '-f', '-'], element);
}

/** Takes the rules away, where there are any. */
export async function forgetOutOfWindow(): Promise<void> {
  if (made === null) return;
  made = null;
  await program(['nft', '-f', '-'], `add table ${TABLE}\ndelete table ${TABLE}\n`);
}
