import type { ScenarioFile } from '../../scenario/schema.ts';
import type { Candidate, Failure } from './candidate.ts';

/** A record for a name that has no address: one candidate for each service. */
export function moreRecords({ scenario, plan, flow, cause }: Failure): Candidate[] {
  const { byName, protocol } = flow;
  if (cause.code !== 'no-address' || byName === undefined) return [];
  const records = scenario.names[byName.name]?.records ?? [];
  const isUdp = protocol === 'udp';
  return plan.services
    .filter((service) => !records.some(({ to }) => to === service.name))
    .filter((service) => protocol === 'icmp' || (service.protocol === 'udp') === isUdp)
    .map(({ name: service }) => ({
      fixes: [{ code: 'add-record', params: { name: byName.name, service } }],
      change: { names: { [byName.name]: { records: [...records.map(asWritten), service] } } },
    }));
}

/** The YAML of a record. */
function asWritten(record: ScenarioFile['names'][string]['records'][number]): unknown {
  return 'from' in record ? record : record.to;
}

/** A TTL shorter than the age of the caller's cached answer. */
export function shorterTtl({ flow: { byName }, cause: { code } }: Failure): Candidate[] {
  const seconds = Math.floor(byName?.cached?.ageS ?? 0);
  if (code !== 'stale-answer' || byName === undefined || seconds === 0) return [];
  const { name } = byName;
  return [
    {
      fixes: [{ code: 'shorter-ttl', params: { name, seconds } }],
      change: { names: { [name]: { ttl: `${seconds}s` } } },
    },
  ];
}

const CHECK_INTERVAL_MS = 2000;

/** Answers without services that are down, which needs a check of the service that a call failed at. */
export function onlyHealthyRecords({ scenario, flow: { byName, protocol }, cause: { code } }: Failure): Candidate[] {
  const name = byName?.name ?? '';
  const named = scenario.names[name];
  if (code === 'no-address' || named === undefined || named.records.length < 2) return [];
  const onlyHealthy = { names: { [name]: { onlyHealthy: true } } };
  const type = protocol === 'udp' ? 'udp' : 'tcp';
  return named.records.flatMap(({ to: service }): Candidate[] => {
    const declared = scenario.services[service];
    if (declared === undefined) return [];
    const fix = { code: 'only-healthy' as const, params: { name } };
    if (![undefined, 'none'].includes(declared.check?.type)) return [{ fixes: [fix], change: onlyHealthy }];
    const check = { code: 'check-on' as const, params: { service, intervalMs: CHECK_INTERVAL_MS } };
    const change = { ...onlyHealthy, services: { [service]: { check: { type, intervalMs: CHECK_INTERVAL_MS } } } };
    return [{ fixes: [fix, check], change }];
  });
}
