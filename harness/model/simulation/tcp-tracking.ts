import type { Step } from './packet.ts';

/** States of nf_conntrack_proto_tcp.c that a flow of ours can reach. */
export type TcpState = 'syn-sent' | 'syn-received' | 'established' | 'closed';

/**
 * State of a connection with this first packet; null if it cannot begin one. Connections may be picked up midway
 * (`nf_conntrack_tcp_loose`).
 */
export function initialState(step: Step): TcpState | null {
  if (step === 'syn') return 'syn-sent';
  const midstream = step === 'ack' || step === 'request' || step === 'reply';
  return midstream ? 'established' : null;
}

/** State after another packet; null if conntrack considers the packet invalid. */
export function nextState(state: TcpState, direction: 'original' | 'reply', step: Step): TcpState | null {
  if (step === 'reset') return 'closed';
  if (step === 'syn') return direction === 'original' ? state : null;
  if (step === 'syn-ack') {
    if (direction === 'original') return null;
    return state === 'syn-sent' ? 'syn-received' : state;
  }
  if (state === 'syn-sent') return direction === 'original' ? null : state;
  return state === 'syn-received' && direction === 'original' ? 'established' : state;
}
