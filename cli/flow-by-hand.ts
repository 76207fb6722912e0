import type { FlowPlan } from '../harness/terms/plan.ts';

/** Programs of the lab image that start what a flow starts, with arguments; null where no program does. */
function flowByHand({ protocol, address, port }: FlowPlan): string[] | null {
  if (protocol === 'icmp') return ['ping', '-c', '1', address];
  if (protocol === 'udp') return null;
  const host = address.includes(':') ? `[${address}]` : address;
  // What listens on a TCP port answers HTTP as well.
  return ['curl', `http://${host}${port === 80 ? '' : `:${port}`}/`];
}

/** The first of the flows that a program starts, with the node to start it on. */
export function firstByHand(flows: FlowPlan[]): { node: string; command: string[] } | null {
  for (const flow of flows) {
    const command = flowByHand(flow);
    if (command !== null) return { node: flow.from, command };
  }
  return null;
}
