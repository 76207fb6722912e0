import { DNS_PORT } from '../terms/by-name.ts';
import type { ListenerPlan, NamePlan } from '../terms/plan.ts';
import { isAddress } from './address.ts';
import type { ScenarioFile } from './schema.ts';

/** The address of a record: a service's VIP, or the address itself; null for an unknown service. */
export function addressOfRecord(record: string, services: ScenarioFile['services']): string | null {
  return services[record]?.vip ?? (isAddress(record) ? record : null);
}

/** The node with an address, or null. */
export function nodeWith(
  address: string,
  nodes: string[],
  addressesOf: (node: string) => readonly string[],
): string | null {
  return nodes.find((node) => addressesOf(node).includes(address)) ?? null;
}

/** Listeners of a node, with its names if it is a DNS server. */
export function withNames(
  node: string,
  listeners: ListenerPlan[],
  { names, services }: Pick<ScenarioFile, 'names' | 'services'>,
): ListenerPlan[] {
  const own = Object.entries(names)
    .filter(([, { server }]) => server === node)
    .map(([name, { policy, onlyHealthy = false, ttl, records }]): NamePlan => {
      return {
        name,
        policy,
        onlyHealthy: onlyHealthy || policy === 'failover',
        ttlS: ttl / 1000,
        records: records.flatMap(({ to, from }) => {
          const address = addressOfRecord(to, services);
          const service = services[to] === undefined ? null : to;
          return address === null ? [] : [{ address, service, ...(from === undefined ? {} : { from }) }];
        }),
      };
    });
  if (own.length === 0) return listeners;
  return listeners.map((one) => (one.protocol === 'udp' && one.port === DNS_PORT ? { ...one, names: own } : one));
}
