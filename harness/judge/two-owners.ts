import { nodesWithMacs, nodeWithMac } from '../scenario/lookup.ts';
import type { Findings } from '../terms/finding.ts';
import type { Plan } from '../terms/plan.ts';
import type { Sighting } from '../terms/sighting.ts';

/** Findings of a node that got answers for one address from two nodes. */
export function answeredByTwo(evidence: { packets: Sighting[]; plan: Plan }): Findings['two-owners'][] {
  return conflictingAnswers(evidence).filter(({ owners }) => owners.length > 1);
}

/**
 * Where a node got answers for one address from two MACs (RFC 826): which one it uses is random. They may belong to two
 * interfaces of one node.
 */
function conflictingAnswers({ packets, plan }: { packets: Sighting[]; plan: Plan }): Findings['two-owners'][] {
  const questions = new Map<string, { asker: string; address: string; macs: Set<string> }>();
  for (const { node, direction, frame } of packets) {
    const isForAsker = direction === 'in' && nodeWithMac(plan, frame.dstMac)?.name === node;
    if (!isForAsker || frame.arp?.op !== 'reply') continue;
    const { senderIp: address, senderMac } = frame.arp;
    const question = questions.get(`${node} ${address}`) ?? { asker: node, address, macs: new Set() };
    question.macs.add(senderMac);
    questions.set(`${node} ${address}`, question);
  }
  return [...questions.values()]
    .filter(({ macs }) => macs.size > 1)
    .map(({ asker, address, macs }) => {
      const sent = packets.filter(
        ({ node, direction, frame }) =>
          node === asker && direction === 'out' && frame.ip !== undefined && macs.has(frame.dstMac),
      );
      const toIt = sent.find(({ frame }) => frame.ip!.dst === address) ?? sent[0];
      return {
        address,
        asker,
        owners: nodesWithMacs(plan, [...macs]),
        used: toIt === undefined ? null : nodesWithMacs(plan, [toIt.frame.dstMac])[0]!,
      };
    });
}

/** Replies are immediate; later ones answer another request. */
const ANSWERED_WITHIN_NS = 1e9;

/** Addresses for which a node got two answers to one request, in these captures. */
export function addressesWithTwoMacs({ packets, plan }: { packets: Sighting[]; plan: Plan }): Set<string> {
  const asked = packets.filter(({ frame }) => frame.arp !== undefined);
  const isQuestion = ({ node, direction, frame: { srcMac, arp } }: Sighting): boolean =>
    direction === 'out' && arp?.op === 'request' && nodeWithMac(plan, srcMac)?.name === node;
  const found = asked.filter(isQuestion).flatMap((question) => {
    const { time, node, frame } = question;
    const next = asked.find(
      (one) =>
        one.time > time && one.node === node && isQuestion(one) && one.frame.arp!.targetIp === frame.arp!.targetIp,
    );
    const end = Math.min(time + ANSWERED_WITHIN_NS, next?.time ?? Infinity);
    const answers = asked.filter((one) => one.node === node && one.time >= time && one.time < end);
    return conflictingAnswers({ packets: answers, plan }).map(({ address }) => address);
  });
  return new Set(found);
}
