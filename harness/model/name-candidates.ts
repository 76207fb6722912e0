import type { Candidate, Failure } from './candidate.ts';

/** A record for a name that has no address: one candidate for each service. */
export function moreRecords({ scenario, plan, flow, cause }: Failure): Candidate[] {
  const { byName, protocol } = flow;
  if (cause.code !== 'no-address' || byName === undefined) return [];
  const records = scenario.names[byName.name]?.records ?? [];
  const isUdp = protocol === 'udp';
  return plan.services
    .filter((service) => !records.includes(service.name))
    .filter((service) => protocol === 'icmp' || (service.protocol === 'udp') === isUdp)
    .map(({ name: service }) => ({
      fixes: [{ code: 'add-record', params: { name: byName.name, service } }],
      change: { names: { [byName.name]: { records: [...records, service] } } },
    }));
}
