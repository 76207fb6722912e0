import type { StreamPlan } from '../../terms/plan.ts';
import { CLIENT, VIP_A } from './labs.ts';

/** By default, a new connection of the client to service `a` every 20 ms. */
export function streamOf(stream: Partial<StreamPlan> = {}): StreamPlan {
  return {
    name: 'calls',
    from: 'client',
    source: CLIENT,
    to: { service: 'a' },
    address: VIP_A,
    protocol: 'tcp',
    port: 80,
    everyMs: 20,
    timeoutMs: 900,
    connection: 'new',
    connections: 1,
    requestBytes: 0,
    replyBytes: 0,
    at: { file: 'test.yaml', line: 1, col: 1 },
    ...stream,
  };
}
