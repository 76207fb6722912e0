import type { Cause, ClientOutcome } from './cause.ts';
import type { CountersByNode } from './counters.ts';
import type { Finding } from './finding.ts';
import type { Sighting } from './sighting.ts';
import type { Walk } from './walk.ts';

/** One try of a flow: what its packets did. */
export interface Attempt {
  token: string;
  outcome: 'works' | 'fails';
  /** What the caller got. */
  client: ClientOutcome;
  cause: Cause | null;
  findings: Finding[];
  /** Time until the caller sent the packet that got through, if the first was lost; null if none was lost. */
  sentAgainMs: number | null;
  /** Server that answered; null when none did. */
  servedBy: string | null;
  /** The L4 that sent the request on, as seen on the wire; null where none did. */
  l4: string | null;
  /** Server that the L4 sent the request to, as seen on the wire. */
  picked: string | null;
  sourceSeen: string | null;
  observed: Walk;
  /** Every frame of the attempt in time order: times are nanoseconds since `epoch`. */
  packets: Sighting[];
  /** Nanoseconds since 1970 (digits) that the packets' times count from. */
  epoch: string;
  /** MAC tables of the switches after the attempt: node → MAC (with VLANs: `MAC VLAN`) → port. */
  macTables: Record<string, Record<string, string>>;
  /**
   * By how much counters that tell of trouble rose during the attempt: node → counter, as nstat(8) names them or
   * `TABLE COUNTER` of nftables → packets. Flows side by side share them. Read only where a failure is expected.
   */
  counters: CountersByNode;
  /** From the call to the judgement. */
  durationMs: number;
}
