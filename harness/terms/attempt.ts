import type { Cause, ClientOutcome } from './cause.ts';
import type { CountersByNode } from './counters.ts';
import type { Finding } from './finding.ts';
import type { Sighting } from './sighting.ts';
import type { Walk } from './walk.ts';

/** One attempt of a flow: what happened to its packets. */
export interface Attempt {
  token: string;
  outcome: 'works' | 'fails';
  /** Outcome for the caller. */
  client: ClientOutcome;
  cause: Cause | null;
  findings: Finding[];
  /** Time until the caller sent the packet that got through, if the first was lost; null if none was lost. */
  sentAgainMs: number | null;
  /** Server that answered; null if none did. */
  servedBy: string | null;
  /** The L4 that forwarded the request, as seen on the wire; null if none did. */
  l4: string | null;
  /** Server that the L4 selected, as seen on the wire. */
  picked: string | null;
  sourceSeen: string | null;
  observed: Walk;
  /** All frames of the attempt in time order; times are nanoseconds since `epoch`. */
  packets: Sighting[];
  /** Epoch of the packets' times: nanoseconds since 1970 (digits). */
  epoch: string;
  /** MAC tables of the switches after the attempt: node → MAC (with VLANs: `MAC VLAN`) → port. */
  macTables: Record<string, Record<string, string>>;
  /**
   * Increases of relevant counters during the attempt: node → counter (nstat(8) name, or nft `TABLE COUNTER`) →
   * packets. Shared by parallel flows. Only read if a failure is expected.
   */
  counters: CountersByNode;
  /** From the call to its verdict. */
  durationMs: number;
}
