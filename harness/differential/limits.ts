import type { Attempt, FlowResult } from '../judge/results.ts';
import type { Plan } from '../scenario/plan.ts';

/** What the model does not know, each with its story in harness/model/README.md. */
export type Limit = 'wire-learns-macs' | 'mac-to-itself';

/** The limit of the model that explains why a flow's packets did not do what was predicted; null where none does. */
export function limitOf({ attempts, predicted }: FlowResult, plan: Plan): Limit | null {
  if (attempts.some((attempt) => wireAteFrame(attempt, plan))) return 'wire-learns-macs';
  const toItself = predicted.some(({ request }) => request.some(({ src, dst }) => src.mac === dst.mac));
  return toItself ? 'mac-to-itself' : null;
}

/** A frame went out of an interface that had sent its destination MAC as source before, and never came out of the wire. */
function wireAteFrame({ packets }: Attempt, plan: Plan): boolean {
  const ends = plan.links.flatMap(({ ends: [a, b] }) => [
    { near: a, far: b },
    { near: b, far: a },
  ]);
  return ends.some(({ near, far }) => {
    const sent = packets.filter((p) => p.node === near.node && p.iface === near.iface && p.direction === 'out');
    const came = packets.filter((p) => p.node === far.node && p.iface === far.iface && p.direction === 'in');
    const shown = new Set(sent.map(({ frame }) => frame.srcMac));
    const count = (all: typeof packets, mac: string): number => all.filter(({ frame }) => frame.dstMac === mac).length;
    return [...shown].some((mac) => count(sent, mac) > count(came, mac));
  });
}
