import type { MessageOf } from './message.ts';

/** The caller got its answer, yet not in the way that the topology is for. */
export const DETOURS = ['answered-by-itself', 'l4-bypassed'] as const;

/**
 * What else is worth a word: the caller had to send again what was lost (`slow-start`), two nodes answered ARP for one
 * address (`two-owners`). Whether it shows may depend on the moment, so that no flow fails for it.
 */
const NOTES = ['slow-start', 'two-owners'] as const;

export const FINDINGS = [...DETOURS, ...NOTES] as const;

/** Stable code of a finding. */
export type FindingCode = (typeof FINDINGS)[number];

/** What is said of a flow that works, by code: model and judge use the same one for the same event. */
export interface Findings {
  /** The caller, `node`, holds the address that it called. */
  'answered-by-itself': { node: string; address: string };
  /** Requests reached a server without crossing one of the service's L4s. */
  'l4-bypassed': { service: string; l4s: string[] };
  /** The caller, `node`, had to send again. */
  'slow-start': { node: string };
  /**
   * `asker` got ARP answers for `address` from several MACs, those of `owners`, and sends to that of `used`; null where
   * it was not seen to send there.
   */
  'two-owners': { address: string; asker: string; owners: string[]; used: string | null };
}

/** What else there is to say of a flow that works, with the nodes and addresses of this flow. */
export type Finding = MessageOf<Findings>;

export function finding<C extends FindingCode>(code: C, params: Findings[C]): Finding {
  return { code, params } as Finding;
}

/** The same findings, each once. */
export function distinctFindings(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
}
