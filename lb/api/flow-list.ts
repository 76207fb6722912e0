import { canonical } from '../terms/address.ts';
import type { LbConfig } from '../terms/config.ts';
import { flowKey, visitFlows } from '../host/visit-flows.ts';

/** A flow that the kernel keeps on its server. */
export interface Flow {
  service: string;
  server: string;
  /** For an IPv6 client in dsr only the last 32 bits are known: `*:0:100`. */
  client: string;
  clientPort: number;
}

/** Selects flows; `null` means any. */
export interface FlowFilter {
  service: string | null;
  server: string | null;
}

/** A page of flows, sorted by service, server, client and port; `total` counts all selected flows. */
export async function listFlows(
  config: LbConfig,
  filter: FlowFilter,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ total: number; flows: Flow[] }> {
  const selected = new Map(
    config.services.flatMap((service) =>
      service.servers
        .filter(({ name }) => (filter.service ?? service.name) === service.name && (filter.server ?? name) === name)
        .map((server) => [flowKey(service, server), { service, server }] as const),
    ),
  );
  const flows: Flow[] = [];
  await visitFlows(config, (key, address, clientPort) => {
    const found = selected.get(key);
    if (!found) return;
    const { service, server } = found;
    const client = typeof address === 'string' ? canonical(address) : fromLastWord(address, service.vip);
    flows.push({ service: service.name, server: server.name, client, clientPort });
  });
  const rank = ({ service, server, client, clientPort }: Flow) => `${service} ${server} ${client} ${clientPort}`;
  const ordered = flows.map((flow) => ({ flow, rank: rank(flow) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return { total: flows.length, flows: ordered.slice(offset, offset + limit).map(({ flow }) => flow) };
}

function fromLastWord(word: number, vip: string): string {
  if (vip.includes(':')) return `*:${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff).join('.');
}
