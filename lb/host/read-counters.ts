import { TABLE } from '../render/ruleset.ts';
import { run } from './run.ts';

export interface Count {
  packets: number;
  bytes: number;
}

const NOTHING: Count = { packets: 0, bytes: 0 };

/** Values of all named counters of the load balancer; a name that does not exist counts nothing. */
export async function readCounters(): Promise<(name: string) => Count> {
  const text = await run('nft-failed', 'nft', ['-j', 'list', 'counters']);
  const { nftables } = JSON.parse(text) as { nftables: { counter?: Count & { name: string; table: string } }[] };
  const counts = new Map(
    nftables.flatMap(({ counter }) => (counter?.table === TABLE ? [[counter.name, counter]] : [])),
  );
  return (name) => counts.get(name) ?? NOTHING;
}
