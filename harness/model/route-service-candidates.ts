import { contains } from '../scenario/address.ts';
import type { Candidate, Failure } from './candidate.ts';

/**
 * Both directions of a flow by the same firewall: the service that leads it there hashes the source, the one that leads it
 * back the destination, over the same next hops in the same order.
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
      // Where they are so already, the other way round, the order alone is to be mended.
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
