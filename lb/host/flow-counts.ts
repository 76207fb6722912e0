import type { LbConfig, LbServer, LbService } from '../terms/config.ts';
import { flowKey, visitFlows } from './visit-flows.ts';

/** Live flows by service and server. */
export type FlowCounts = (service: LbService, server: LbServer) => number;

/** Counts flows: in direct modes from the flow maps, otherwise from conntrack, without those that are closing. */
export async function countFlows(config: LbConfig): Promise<FlowCounts> {
  const counts = new Map<string, number>();
  await visitFlows(config, (key) => counts.set(key, (counts.get(key) ?? 0) + 1));
  return (service, server) => counts.get(flowKey(service, server)) ?? 0;
}
