import { readFileSync } from 'node:fs';
import { program } from './programs/program.ts';

/** Non-zero counters of this namespace, named as in nstat(8). */
export function kernelCounters(): Record<string, number> {
  const read = (name: string): string => readFileSync(`/proc/net/${name}`, 'utf8');
  return { ...pairedLines(read('snmp')), ...pairedLines(read('netstat')), ...namedLines(read('snmp6')) };
}

/** Named counters of nftables, as `TABLE COUNTER`. */
export async function nftCounters(): Promise<Record<string, number>> {
  const { nftables } = JSON.parse(await program(['nft', '-j', 'list', 'counters'])) as {
    nftables: { counter?: { table: string; name: string; packets: number } }[];
  };
  return Object.fromEntries(
    nftables.flatMap(({ counter }) => (counter ? [[`${counter.table} ${counter.name}`, counter.packets]] : [])),
  );
}

/** Flows that conntrack could not insert, summed over all processors. */
export function conntrackCounters(text = readFileSync('/proc/net/stat/nf_conntrack', 'utf8')): Record<string, number> {
  const [names = [], ...processors] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const column = names.indexOf('insert_failed');
  return { ConntrackInsertFails: processors.reduce((sum, row) => sum + parseInt(row[column] ?? '0', 16), 0) };
}

/** `Ip: Forwarding DefaultTTL …` above `Ip: 1 64 …` (/proc/net/snmp, /proc/net/netstat). */
export function pairedLines(text: string): Record<string, number> {
  const lines = text.trimEnd().split('\n');
  const counters: Record<string, number> = {};
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group, ...names] = lines[i]!.split(' ');
    const values = lines[i + 1]!.split(' ').slice(1).map(Number);
    for (const [index, name] of names.entries()) {
      const value = values[index] ?? 0;
      if (value !== 0) counters[`${group!.slice(0, -1)}${name}`] = value;
    }
  }
  return counters;
}

/** `Ip6InReceives   12` (/proc/net/snmp6). */
export function namedLines(text: string): Record<string, number> {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/));
  return Object.fromEntries(lines.map(([name, value]) => [name!, Number(value)] as const).filter(([, n]) => n !== 0));
}
