/** Called port and source port of a reply, if they differ. */
export interface OtherPort {
  ports?: { called: number; source: number };
}

/** See `OtherPort`; null is the port of a packet without one. */
export function otherPort(called: number | null, source: number | null): OtherPort {
  return called === null || source === null || called === source ? {} : { ports: { called, source } };
}
