import { cause, type Cause } from './cause.ts';
import type { ByName, FlowPlan } from './plan.ts';

/** Port of DNS servers (RFC 1035). */
export const DNS_PORT = 53;

/** The DNS query of a flow to a name; null for a flow to an address, and if the caller has a cached answer. */
export function questionOf(flow: FlowPlan): FlowPlan | null {
  return flow.byName?.cached === undefined ? newQuestionOf(flow) : null;
}

/** The DNS query of a flow to a name, even if the caller has a cached answer; null for a flow to an address. */
export function newQuestionOf(flow: FlowPlan): FlowPlan | null {
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

/** The calls that a flow may make, one for each address that it may get; the flow itself if it calls an address. */
export function callsOf(flow: FlowPlan): FlowPlan[] {
  const { byName, ...call } = flow;
  if (byName === undefined) return [flow];
  const { calls, cached } = byName;
  const possible = cached === undefined ? calls : calls.filter(({ address }) => address === cached.address);
  return possible.map((one) => ({ ...call, ...one }));
}

/** A flow's DNS query, if any, and its possible calls. */
export function exchangesOf(flow: FlowPlan): FlowPlan[] {
  const question = questionOf(flow);
  return question === null ? callsOf(flow) : [question, ...callsOf(flow)];
}

/** The cause of a failed call with a cached answer, if a new answer no longer contains its address; otherwise null. */
export function staleAnswer(node: string, byName: ByName, met: Cause, addresses: string[]): Cause | null {
  const { name, cached } = byName;
  if (cached === undefined || addresses.length === 0 || addresses.includes(cached.address)) return null;
  // Answers rotate.
  const now = [...addresses].sort();
  return cause('stale-answer', 'answer-outdated', {
    ...{ node, name, ...cached, addresses: now },
    ...{ met: met.code, metAt: met.node },
  });
}
