import { readFile } from 'node:fs/promises';

const FILE = '/proc/net/stat/nf_conntrack';

/**
 * Flows of this network namespace that the kernel dropped, since conntrack had another one with the same addresses and
 * ports: source NAT that finds no free port tries one that is taken, and only entering the flow fails then. So no rule
 * can tell whose flow it was. 0 where conntrack tells nothing.
 */
export async function readInsertFailures(): Promise<number> {
  const text = await readFile(FILE, 'utf8').catch(() => '');
  const [head = '', ...processors] = text.trim().split('\n');
  const column = head.trim().split(/\s+/).indexOf('insert_failed');
  return processors.reduce((sum, line) => sum + parseInt(line.trim().split(/\s+/)[column] ?? '0', 16), 0);
}
