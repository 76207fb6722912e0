import type { FlowPlan } from '../harness/terms/plan.ts';

/** Command with a program of the lab image that makes the same call as a flow; null if there is none. */
function flowByHand({ protocol, address, port }: FlowPlan): string[] | null {
  if (protocol === 'icmp') return ['ping', '-c', '1', address];
  if (protocol === 'udp') return null;
  const host = address.includes(':') ? `[${address}]` : address;
  // TCP listeners also answer HTTP.
  return ['curl', `http://${host}${port === 80 ? '' : `:${port}`}/`];
}

/** The first flow that a program can start, with its node. */
export function firstByHand(flows: FlowPlan[]): { node: string; command: string[] } | null {
  for (const flow of flows) {
    const command = flowByHand(flow);
    if (command !== null) return { node: flow.from, command };
  }
  return null;
}
