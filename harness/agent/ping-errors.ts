import type { ClientOutcome } from '../terms/cause.ts';

/** Errors printed by ping(8) of iputils, by socket error code. */
const ERRORS: [RegExp, ClientOutcome][] = [
  [/network is unreachable|Destination Net /i, 'ENETUNREACH'],
  [/Destination Host |No route to host|Packet filtered/, 'EHOSTUNREACH'],
  [/Invalid argument/, 'EINVAL'],
  // For EACCES in IPv4 it asks about broadcast, whatever the address.
  [/Permission denied|Do you want to ping broadcast/, 'EACCES'],
  [/Frag needed|Packet too big|message too long/i, 'EMSGSIZE'],
  [/Destination Port /, 'ECONNREFUSED'],
  [/Destination Protocol /, 'ENOPROTOOPT'],
  [/Time to live exceeded/, 'ttl-exceeded'],
];

/** Outcome of an echo request without reply; `timeout` if ping printed no error. */
export function pingOutcome(printed: string): ClientOutcome {
  return ERRORS.find(([text]) => text.test(printed))?.[1] ?? 'timeout';
}
