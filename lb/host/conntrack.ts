import { readFile } from 'node:fs/promises';

const STATISTICS = '/proc/net/stat/nf_conntrack';
const SETTINGS = '/proc/sys/net/netfilter';

/** Failures and fill level of conntrack in this network namespace; zeros if unavailable. */
export interface ConntrackStats {
  /** Current flows. */
  flows: number;
  /** Maximum number of flows: the host's limit, counted separately for each network namespace. */
  limit: number;
  /**
   * New flows dropped because another one has the same addresses and ports: if source NAT finds no free port, it tries
   * a used one, and inserting the flow fails. No rule can attribute these flows to a service.
   */
  insertFailed: number;
  /** Unanswered flows evicted from a full table. */
  evicted: number;
  /** Packets dropped because their flow could not be inserted, or because the table was full. */
  dropped: number;
}

export async function readConntrack(): Promise<ConntrackStats> {
  const [text, count, max] = await Promise.all([
    read(STATISTICS),
    read(`${SETTINGS}/nf_conntrack_count`),
    read(`${SETTINGS}/nf_conntrack_max`),
  ]);
  const [head = '', ...processors] = text.trim().split('\n');
  const names = head.trim().split(/\s+/);
  const rows = processors.map((line) => line.trim().split(/\s+/));
  const sum = (name: string) => rows.reduce((all, row) => all + parseInt(row[names.indexOf(name)] ?? '0', 16), 0);
  return {
    flows: Number(count),
    limit: Number(max),
    insertFailed: sum('insert_failed'),
    evicted: sum('early_drop'),
    dropped: sum('drop'),
  };
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
