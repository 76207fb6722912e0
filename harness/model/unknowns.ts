import { isDirect } from '../terms/mode.ts';
import type { Plan } from '../terms/plan.ts';
import type { StreamPlan, Unknown } from '../terms/timeline.ts';
import type { Stages } from './stages.ts';
import type { Tried } from './tried.ts';
import { isKept, type World } from './world.ts';

/** What the model cannot say of a stream in a step, and why. */
export function unknownOf(
  plan: Plan,
  index: number,
  { stream, tries, stages }: { stream: StreamPlan; tries: Tried[]; stages: Stages },
): Unknown[] {
  const { actions } = plan.timeline!.steps[index]!;
  const [{ circumstances }] = stages.settled as [World];
  const called = 'service' in stream.to ? stream.to.service : null;
  const service = plan.services.find(({ name }) => name === called);
  const beyond = actions.flatMap((action): Unknown[] => {
    if (action.do === 'flap') return [{ code: 'action-unknown', params: { action: action.do } }];
    // Whether the kernel goes on translating when the rules are gone depends on what else does so in the node.
    const translates = action.do === 'stopLb' && stream.connection === 'kept' && service && !isDirect(service);
    return translates ? [{ code: 'action-unknown', params: { action: action.do } }] : [];
  });
  const idle = [
    circumstances.asleep.has(stream.from) ? 'pause' : null,
    circumstances.off.has(stream.from) ? 'kill' : null,
  ];
  const silent = idle.flatMap((action): Unknown[] =>
    action === null ? [] : [{ code: 'action-unknown', params: { action: action as 'pause' | 'kill' } }],
  );
  const held = [...circumstances.shared].flatMap(([address, nodes]): Unknown[] =>
    address === stream.address || service?.l4s.some(({ proxyIps }) => proxyIps.includes(address))
      ? [{ code: 'holder-unknown', params: { address, nodes } }]
      : [],
  );
  const isOpen = isKept(stream) && tries.some(({ next }) => next.some(({ open }) => open.size > 0));
  const picked: Unknown[] = isOpen && called !== null ? [{ code: 'pick-unknown', params: { service: called } }] : [];
  return [...beyond, ...silent, ...held, ...picked];
}
