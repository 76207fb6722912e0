import type { FlowPlan } from './plan.ts';
import type { StreamPlan } from './timeline-plan.ts';

/** A call of a stream as a flow, for the model and the rules for attempts. */
export function callFlow(stream: StreamPlan): FlowPlan {
  const { name, from, source, to, address, protocol, port, requestBytes, replyBytes, at } = stream;
  const payload = { requestBytes, replyBytes };
  return { name, from, source, to, address, protocol, port, repeat: 1, expect: { outcome: 'works' }, at, ...payload };
}
