import type { Path } from './yaml-file.ts';

/** A mistake that the schema alone cannot see. */
export interface Problem {
  path: Path;
  message: string;
  /**
   * Values that it depends on, besides the one at `path`: not reported if one of these is invalid. Defaults to the
   * flow, service or node of `path`.
   */
  dependsOn?: Path[];
  /** Path of a named value that does not exist; if a variant removed it, the variant is blamed. */
  missing?: Path;
}
