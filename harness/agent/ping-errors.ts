import type { ClientOutcome } from '../terms/cause.ts';

/** What ping(8) of iputils prints of an error, as sockets name it. */
const ERRORS: [RegExp, ClientOutcome][] = [
  [/network is unreachable|Destination Net /i, 'ENETUNREACH'],
  [/Destination Host |No route to host|Packet filtered/, 'EHOSTUNREACH'],
  [/Invalid argument/, 'EINVAL'],
  // For EACCES of IPv4 it asks whether a broadcast is meant, whatever the address.
  [/Permission denied|Do you want to ping broadcast/, 'EACCES'],
  [/Frag needed|Packet too big|message too long/i, 'EMSGSIZE'],
  [/Destination Port /, 'ECONNREFUSED'],
  [/Destination Protocol /, 'ENOPROTOOPT'],
  [/Time to live exceeded/, 'ttl-exceeded'],
];

/** What became of an echo request that got no reply; `timeout` where ping printed no error. */
export function pingOutcome(printed: string): ClientOutcome {
  return ERRORS.find(([text]) => text.test(printed))?.[1] ?? 'timeout';
}
