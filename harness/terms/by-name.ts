import type { FlowPlan } from './plan.ts';

/** Port of DNS servers (RFC 1035). */
export const DNS_PORT = 53;

/** The question that a flow to a name begins with; null for a flow to an address. */
export function questionOf(flow: FlowPlan): FlowPlan | null {
  if (flow.byName === undefined) return null;
  const { name, from, repeat, after, expect, at } = flow;
  const { server, address, source, name: asked, type } = flow.byName;
  return {
    name,
    from,
    source,
    to: { node: server },
    address,
    protocol: 'udp',
    port: DNS_PORT,
    repeat,
    question: { name: asked, type },
    ...(after === undefined ? {} : { after }),
    expect,
    at,
  };
}

/** The calls that a flow may make, one for each address that it may get; the flow itself where it calls an address. */
export function callsOf(flow: FlowPlan): FlowPlan[] {
  const { byName, ...call } = flow;
  return byName === undefined ? [flow] : byName.calls.map((one) => ({ ...call, ...one }));
}

/** The question of a flow, if it has one, and the calls that it may make. */
export function exchangesOf(flow: FlowPlan): FlowPlan[] {
  const question = questionOf(flow);
  return question === null ? [flow] : [question, ...callsOf(flow)];
}
