import type { Engine } from '../fabric/engine.ts';
import type { Selection } from '../scenario/resolve/plans.ts';
import type { Results } from '../terms/results.ts';
import type { OnEvent } from './events.ts';
import type { LabPool } from './lab-pool.ts';
import type { Durations } from './lengths.ts';

export interface RunOptions {
  engine: Engine;
  /** Further engines that labs are spread over. */
  more?: Engine[];
  image: string;
  /** Version of l4lab, for the record. */
  version: string;
  labels?: Record<string, string>;
  selection: Selection;
  /** Labs that are busy at the same time. */
  concurrency: number;
  onEvent: OnEvent;
  /** As in BootOptions. */
  captures?: boolean;
  signal?: AbortSignal;
  /** Labs that outlive the run; a run without has a pool of its own, which ends with it. */
  pool?: LabPool;
  /** How long variants took last time: the longest begin first, and events tell how long is left. */
  durations?: Durations;
  /** Gets the results as soon as they are there: the labs are taken down afterwards. */
  onResults?: (results: Results) => Promise<void>;
}
