import type { Path } from './yaml-file.ts';

/** A mistake that the schema alone cannot see. */
export interface Problem {
  path: Path;
  message: string;
}
