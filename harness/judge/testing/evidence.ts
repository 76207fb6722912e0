import { predict } from '../../model/predict.ts';
import { flow as flowOf, plan as planOf, type LabSketch } from '../../model/testing/lab-builder.ts';
import type { Evidence } from '../evidence.ts';

/** What would be seen of a flow whose packets go the way that the model says, without ARP and with a silent kernel. */
export function evidenceOf(sketch: LabSketch, from: string, to: string, seen: Partial<Evidence> = {}): Evidence {
  const plan = planOf(sketch);
  const flow = flowOf(plan, from, to);
  const { request, reply } = predict(plan, flow)[0]!;
  const onWires = (hops: typeof request): typeof request => hops.filter(({ iface }) => iface !== 'lo');
  return {
    plan,
    flow,
    key: { caller: from, protocol: 'tcp', address: flow.address, port: flow.port, sourcePort: 20000, token: 'l4lab-x' },
    client: { answered: false, said: 'cancelled', servedBy: null, sourceSeen: null },
    packets: [],
    walk: { request: onWires(request), reply: onWires(reply) },
    kernel: null,
    kernelOnAnswer: null,
    healthy: null,
    macTables: {},
    ...seen,
  };
}
