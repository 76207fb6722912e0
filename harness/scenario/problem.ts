import type { Path } from './yaml-file.ts';

/** A mistake that the schema alone cannot see. */
export interface Problem {
  path: Path;
  message: string;
  /**
   * Values that it depends on, beside the one at `path`: where one of these is invalid, nobody can say. The flow, service
   * or node of `path` when absent.
   */
  dependsOn?: Path[];
  /** What is named and does not exist; where a variant removed it, the mistake is the variant's. */
  missing?: Path;
}
