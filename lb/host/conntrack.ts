import { readFile } from 'node:fs/promises';

const STATISTICS = '/proc/net/stat/nf_conntrack';
const SETTINGS = '/proc/sys/net/netfilter';

/** What conntrack could not do in this network namespace, and how full it is; zeros where it tells nothing. */
export interface ConntrackStats {
  /** Flows that it has now. */
  flows: number;
  /** Flows that it may have: the host's limit, which counts for each network namespace by itself. */
  limit: number;
  /**
   * Flows that were dropped since there was another one with the same addresses and ports: source NAT that finds no
   * free port tries one that is taken, and only entering the flow fails then. So no rule can tell whose flow it was.
   */
  insertFailed: number;
  /** Flows that no server had answered yet, and that a full table gave up for new ones. */
  evicted: number;
  /** Packets that were dropped: of a flow that could not be entered, or found no place in a full table. */
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
