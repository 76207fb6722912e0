import { contains } from '../../scenario/address.ts';
import type { Candidate, Failure } from './candidate.ts';

/**
 * Both directions of a flow through the same firewall: the service toward the server hashes the source, the one back hashes the
 * destination, with the same next hops in the same order.
 */
export function symmetricHash({ scenario, flow, cause }: Failure): Candidate[] {
  if (cause.code !== 'half-seen-by-firewall') return [];
  const leadingTo = (address: string) =>
    Object.entries(scenario.routeServices).filter(
      ([, { to, nextHops }]) => nextHops.includes(cause.node) && (to === 'any' || contains(to, address)),
    );
  const there = leadingTo(flow.address);
  const back = leadingTo(flow.source);
  return there.flatMap((one) =>
    back.flatMap((other): Candidate[] => {
      if (one[0] === other[0]) return [];
      // If both already hash like this, but the other way round, only the order of next hops is wrong.
      const isMirrored = one[1].hash === 'destination' && other[1].hash === 'source';
      const [[source, { nextHops }], [destination]] = isMirrored ? [other, one] : [one, other];
      return [
        {
          fixes: [{ code: 'symmetric-hash', params: { source, destination } }],
          change: { services: { [source]: { hash: 'source' }, [destination]: { hash: 'destination', nextHops } } },
        },
      ];
    }),
  );
}
