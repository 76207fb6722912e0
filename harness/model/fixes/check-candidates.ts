import { serviceOf } from '../../scenario/lookup.ts';
import { isDirect } from '../../terms/mode.ts';
import type { Fix } from '../../terms/fix.ts';
import type { Candidate, Failure, Patch } from './candidate.ts';

/**
 * Health checks that match the traffic's destination and source: a server that traffic cannot reach is then out, and
 * one that only the check cannot reach is in.
 */
export function otherChecks({ scenario, plan, flow }: Failure): Candidate[] {
  const planned = serviceOf(plan, flow);
  if (planned === undefined) return [];
  const { name: service, l4s } = planned;
  const { check, proxyIp } = scenario.services[service]!;
  if (check === undefined || check.type === 'none') return [];
  const to = (fix: Fix, change: Patch): Candidate => ({
    fixes: [fix],
    change: { services: { [service]: { check: change } } },
  });
  const sources = proxyIp === undefined || proxyIp === 'auto' ? [] : l4s.flatMap(({ proxyIps }) => proxyIps);
  return [
    ...(isDirect(planned) && check.target === 'server'
      ? [to({ code: 'check-vip', params: { service } }, { target: null })]
      : []),
    ...(check.port === undefined ? [] : [to({ code: 'check-served-port', params: { service } }, { port: null })]),
    ...[...new Set(sources)]
      .filter((source) => source !== check.source)
      .map((source) => to({ code: 'check-source', params: { service, source } }, { source })),
    ...(check.source === undefined ? [] : [to({ code: 'check-source-auto', params: { service } }, { source: null })]),
  ];
}

/** Removes check settings that another mode or proxy IP does not support. */
export function plainCheck({ scenario }: Failure, service: string): Patch {
  const { target, source } = scenario.services[service]?.check ?? {};
  const less = { ...(target === undefined ? {} : { target: null }), ...(source === undefined ? {} : { source: null }) };
  return Object.keys(less).length === 0 ? {} : { check: less };
}
