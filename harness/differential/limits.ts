import type { Attempt, FlowResult } from '../judge/results.ts';
import { host } from '../scenario/address.ts';
import type { Plan } from '../scenario/plan.ts';

/** What the model does not know, each with its story in harness/model/README.md. */
export type Limit = 'check-in-between' | 'pool-changed';

/** The limit of the model that explains why a flow's packets did not do what was predicted; null where none does. */
export function limitOf({ attempts, predicted }: FlowResult, plan: Plan): Limit | null {
  if (attempts.some((attempt) => checkCameBetween(attempt, plan))) return 'check-in-between';
  const unsteady =
    predicted.some(({ picked }) => picked !== null) &&
    predicted.some(({ cause }) => cause?.code === 'no-server-available');
  return unsteady && attempts.some((attempt) => poolChanged(attempt, plan)) ? 'pool-changed' : null;
}

/** A server asked for a neighbour in the name of its VIP, although no packet of the flow had come to it for that VIP. */
function checkCameBetween({ packets }: Attempt, plan: Plan): boolean {
  return plan.nodes.some(({ name, loopback }) => {
    const here = packets.filter(({ node }) => node === name);
    return loopback
      .map(host)
      .some(
        (vip) =>
          here.some(
            ({ direction, frame: { arp } }) =>
              direction === 'out' && arp?.op === 'request' && arp.senderIp === vip && arp.targetIp !== vip,
          ) && !here.some(({ direction, frame }) => direction === 'in' && frame.ip?.dst === vip),
      );
  });
}

/** An L4 sent a SYN on, and refused its repetition. */
function poolChanged({ packets }: Attempt, plan: Plan): boolean {
  return plan.nodes.some(({ name, lb }) => {
    const flags = (way: 'in' | 'out'): string[] =>
      packets.flatMap(({ node, direction, frame }) =>
        node === name && direction === way ? [frame.tcp?.flags ?? ''] : [],
      );
    const refused = flags('out').some((sent) => sent.includes('R')) && !flags('in').some((came) => came.includes('R'));
    return lb !== null && refused && flags('out').includes('S');
  });
}
