import type { CauseCode } from '../../harness/terms/cause.ts';

/** Everything that l4lab reports about a flow, in one language; each language has the same keys. */
export interface Catalogue {
  causes: Record<CauseCode, CauseText>;
}

export interface CauseText {
  /** What happened to the packet, one sentence. */
  story: string;
  /** What must be seen for this cause to be named. */
  evidence: string;
  fix: string;
}
