import type { MessageOf } from './message.ts';

/** The caller got its answer, but not through the intended path. */
export const DETOURS = ['answered-by-itself', 'l4-bypassed'] as const;

/**
 * Other findings: the caller had to retransmit (`slow-start`), two nodes answered ARP for one address (`two-owners`).
 * They may depend on timing, so no flow fails because of them.
 */
const NOTES = ['slow-start', 'two-owners'] as const;

export const FINDINGS = [...DETOURS, ...NOTES] as const;

/** Stable code of a finding. */
export type FindingCode = (typeof FINDINGS)[number];

/** Findings about a flow that works, by code: model and judge use the same code for the same event. */
export interface Findings {
  /** The caller, `node`, has the address that it called. */
  'answered-by-itself': { node: string; address: string };
  /** Requests reached a server without crossing one of the service's L4s. */
  'l4-bypassed': { service: string; l4s: string[] };
  /** The caller, `node`, had to retransmit. */
  'slow-start': { node: string };
  /**
   * `asker` got ARP answers for `address` from several MACs (`owners`) and uses that of `used`; null if it was not seen
   * to send there.
   */
  'two-owners': { address: string; asker: string; owners: string[]; used: string | null };
}

/** A finding about a flow that works, with its nodes and addresses. */
export type Finding = MessageOf<Findings>;

export function finding<C extends FindingCode>(code: C, params: Findings[C]): Finding {
  return { code, params } as Finding;
}

/** Findings without duplicates. */
export function distinctFindings(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
}
