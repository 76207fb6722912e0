import type { Socket } from 'node:net';
import { program } from './programs/program.ts';

const TABLE = 'inet l4lab_out_of_window';

/**
 * Adds 2^30 to the sequence number of a segment whose connection is in the set, which is outside any window (RFC 7323,
 * 2.3), and removes the connection from the set, so that retransmissions are correct. At output, after the node's own
 * conntrack and before NAT.
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

/** Makes the next data that this node sends on a connection leave with a sequence number out of the window. */
export async function sendNextOutOfWindow({ localPort, remotePort }: Socket): Promise<void> {
  const element = `add element ${TABLE} connections { ${localPort} . ${remotePort} }\n`;
  const isFirst = made === null;
  made ??= program(['nft', '-f', '-'], RULES + element);
  await made;
  if (!isFirst) await program(['nft', '-f', '-'], element);
}

/** Removes the rules, if there are any. */
export async function forgetOutOfWindow(): Promise<void> {
  if (made === null) return;
  made = null;
  await program(['nft', '-f', '-'], `add table ${TABLE}\ndelete table ${TABLE}\n`);
}
