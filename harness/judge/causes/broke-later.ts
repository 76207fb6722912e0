import { ICMP } from '../../observe/decode.ts';
import { cause, type Rule } from './rule.ts';

/** An ICMP redirect reached a node that then went around its sender. */
export const redirected: Rule = ({ packets, plan, flow }) => {
  const redirect = packets.find(({ direction, frame }) => direction === 'in' && frame.icmp?.type === ICMP.redirect);
  if (!redirect) return null;
  const { gateway, inner } = redirect.frame.icmp!;
  const sender =
    packets.find(({ direction, frame }) => direction === 'out' && frame.icmp?.type === ICMP.redirect)?.node ?? '';
  const macOf = (node: string): string[] =>
    plan.nodes.find(({ name }) => name === node)!.interfaces.map(({ mac }) => mac);
  const around = packets.some(
    ({ time, node, direction, frame }) =>
      time > redirect.time &&
      node === redirect.node &&
      direction === 'out' &&
      frame.ip?.dst === inner?.dst &&
      !frame.icmp &&
      !macOf(sender).includes(frame.dstMac),
  );
  if (!around) return null;
  return cause(
    'redirected',
    redirect.node,
    `${sender} told ${redirect.node} to send packets for ${inner?.dst ?? flow.source} to ${gateway ?? '?'}; from then on they bypass ${sender}`,
  );
};

/** The handshake went well; a later packet entered a stateful node and did not leave it. */
export const halfSeen: Rule = ({ packets, plan, flow, walk }) => {
  for (const node of plan.nodes.filter(({ firewall }) => firewall === 'stateful')) {
    const at = packets.filter((p) => p.node === node.name && p.frame.tcp);
    const entered = at.filter(({ direction }) => direction === 'in');
    const swallowed = entered.find(
      (p) =>
        !at.some(
          (q) =>
            q.direction === 'out' &&
            q.time >= p.time &&
            q.frame.tcp!.seq === p.frame.tcp!.seq &&
            q.frame.tcp!.flags === p.frame.tcp!.flags,
        ),
    );
    const sawRequest = walk.request.some((hop) => hop.node === node.name && hop.direction === 'out');
    const sawReply = walk.reply.some((hop) => hop.node === node.name && hop.direction === 'out');
    if (swallowed && !(sawRequest && sawReply)) {
      const { flags } = swallowed.frame.tcp!;
      return cause(
        'half-seen-by-firewall',
        node.name,
        `${node.name} saw one direction of ${flow.name} only, and dropped a segment (${flags}) from ${swallowed.frame.ip!.src}`,
      );
    }
  }
  return null;
};
