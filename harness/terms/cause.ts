/** Why a flow can fail: the closed list of causes. What each means is in reports/messages, in every language. */
export const CAUSES = [
  'reply-not-from-vip',
  'vip-not-on-server',
  'server-not-adjacent',
  'own-address-as-source',
  'reverse-path',
  'half-seen-by-firewall',
  'mac-moved',
  'redirected',
  'no-route',
  'not-forwarding',
  'no-neighbour',
  'refused',
  'no-server-available',
  'ports-exhausted',
  'loop',
  'too-big',
  'filtered',
  'unexplained',
] as const;

/** Stable code of a cause. */
export type CauseCode = (typeof CAUSES)[number];
