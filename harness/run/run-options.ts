import type { Engine } from '../fabric/engine.ts';
import type { Selection } from '../scenario/resolve/plans.ts';
import type { Results } from '../terms/results.ts';
import type { OnEvent } from './events.ts';
import type { LabPool } from './lab-pool.ts';
import type { Durations } from './lengths.ts';

export interface RunOptions {
  engine: Engine;
  /** Further engines to run labs on. */
  more?: Engine[];
  image: string;
  /** Version of l4lab, for the results. */
  version: string;
  labels?: Record<string, string>;
  selection: Selection;
  /** Labs that are busy at the same time. */
  concurrency: number;
  onEvent: OnEvent;
  /** As in BootOptions. */
  captures?: boolean;
  signal?: AbortSignal;
  /** Labs that outlive the run; by default a run has its own pool, which ends with it. */
  pool?: LabPool;
  /** Previous durations of variants: the longest start first, and events include the remaining time. */
  durations?: Durations;
  /** Called with the results before the labs are removed. */
  onResults?: (results: Results) => Promise<void>;
}
