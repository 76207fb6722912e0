/** Conditions of a flow in addition to the plan. */
export interface Circumstances {
  /** Whether earlier events are possible: state that is missing at a node may have existed before. */
  overTime: boolean;
  /** Nodes without power. */
  off: ReadonlySet<string>;
  /** Nodes whose processes are paused while their kernels run. */
  paused: ReadonlySet<string>;
  /** Pair members that have an address at the same time, by address; only if there are several. */
  shared: ReadonlyMap<string, string[]>;
  /** Nodes that have forgotten idle connections, with their timeout, ms. */
  expired: ReadonlyMap<string, number>;
}

/** All nodes run, and every address has one owner. */
export const DEFAULT_CIRCUMSTANCES: Circumstances = {
  overTime: false,
  off: new Set(),
  paused: new Set(),
  shared: new Map(),
  expired: new Map(),
};
