import type { LbService } from '../../../lb/terms/config.ts';
import { nodeOf } from '../../scenario/lookup.ts';
import { isDirect } from '../../terms/mode.ts';
import type { Plan, StreamPlan } from '../../terms/plan.ts';
import type { Place } from '../../terms/cause.ts';
import type { Candidate } from './candidate.ts';
import { moreProxyPorts } from './proxy-port-candidates.ts';

/** Check settings that detect failures within a step. */
const QUICK_CHECK = { intervalMs: 100, timeoutMs: 100, fall: 2 };
const SHORT_AGE_MS = 300;

/**
 * Candidate fixes of a stream that fails in a step, smallest and most common first: settings of pairs, of the load
 * balancer, and ages of nodes' tables.
 * @param places where and why its calls fail, or its connections end
 */
export function stepCandidates(plan: Plan, stream: StreamPlan, places: Place[]): Candidate[] {
  return [
    ...(places.some(({ code }) => code === 'ports-exhausted') ? moreProxyPorts(plan, stream) : []),
    ...pairSettings(plan, stream),
    ...serviceSettings(plan, stream),
    ...ages(plan, stream, places),
  ];
}

function pairSettings({ pairs = [], services }: Plan, { to }: StreamPlan): Candidate[] {
  const service = 'service' in to ? services.find(({ name }) => name === to.service) : undefined;
  return pairs.flatMap(({ name: pair, gratuitousArp, preempt, sync }): Candidate[] => {
    const change = (settings: Record<string, unknown>) => ({ pairs: { [pair]: settings } });
    return [
      ...(gratuitousArp
        ? []
        : [
            {
              fixes: [{ code: 'gratuitous-arp-on' as const, params: { pair } }],
              change: change({ gratuitousArp: true }),
            },
          ]),
      ...(preempt
        ? []
        : [{ fixes: [{ code: 'preempt-on' as const, params: { pair } }], change: change({ preempt: true }) }]),
      ...(sync === 'conntrackd' || !service || isDirect(service)
        ? []
        : [
            {
              fixes: [{ code: 'share-connections' as const, params: { pair } }],
              change: change({ sync: 'conntrackd' }),
            },
          ]),
    ];
  });
}

function serviceSettings(plan: Plan, { to }: StreamPlan): Candidate[] {
  const service = 'service' in to ? configOf(plan, to.service) : undefined;
  if (service === undefined) return [];
  const { name, scheduler, check, protocol } = service;
  const change = (settings: Record<string, unknown>) => ({ services: { [name]: settings } });
  const type = protocol === 'udp' ? 'icmp' : 'tcp';
  return [
    ...(scheduler === 'maglev'
      ? []
      : [
          {
            fixes: [{ code: 'use-maglev' as const, params: { service: name } }],
            change: change({ scheduler: 'maglev' }),
          },
        ]),
    ...(check.type === 'none'
      ? [
          {
            fixes: [{ code: 'check-on' as const, params: { service: name, intervalMs: QUICK_CHECK.intervalMs } }],
            change: change({ check: { type, ...QUICK_CHECK } }),
          },
        ]
      : []),
  ];
}

function configOf({ nodes }: Plan, name: string): LbService | undefined {
  return nodes.flatMap(({ balancer }) => balancer?.config.services ?? []).find((service) => service.name === name);
}

/** Shorter or longer ages at nodes that fail because of what they remember or have forgotten. */
function ages(plan: Plan, { everyMs }: StreamPlan, places: Place[]): Candidate[] {
  return places.flatMap(({ code, node }): Candidate[] => {
    const { idleTimeoutMs } = nodeOf(plan, node);
    const change = (settings: Record<string, unknown>) => ({ nodes: { [node]: settings } });
    if (code === 'stale-neighbour') {
      const params = { node, ms: SHORT_AGE_MS };
      return [{ fixes: [{ code: 'neighbour-age', params }], change: change({ neighbourAgeMs: SHORT_AGE_MS }) }];
    }
    if (code === 'stale-mac') {
      const params = { node, ms: SHORT_AGE_MS };
      return [{ fixes: [{ code: 'mac-age', params }], change: change({ macAgeMs: SHORT_AGE_MS }) }];
    }
    if (code !== 'idle-expired' || idleTimeoutMs === undefined) return [];
    const ms = Math.max(idleTimeoutMs, 2 * everyMs);
    return [{ fixes: [{ code: 'idle-timeout', params: { node, ms } }], change: change({ idleTimeoutMs: ms }) }];
  });
}
