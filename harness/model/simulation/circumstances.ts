/** What is so beside the plan while a flow runs. */
export interface Circumstances {
  /** Whether things have happened before the flow: what is not known where it ends may have been known once. */
  overTime: boolean;
  /** Nodes without power. */
  off: ReadonlySet<string>;
  /** Nodes whose processes stand still while their kernels go on. */
  asleep: ReadonlySet<string>;
  /** Members of pairs that hold an address at the same time, by address; only where there are several. */
  shared: ReadonlyMap<string, string[]>;
  /** Nodes that have forgotten idle connections, with the time after which they do, ms. */
  expired: ReadonlyMap<string, number>;
}

/** Every node runs, and no address is in doubt. */
export const ORDINARY: Circumstances = {
  overTime: false,
  off: new Set(),
  asleep: new Set(),
  shared: new Map(),
  expired: new Map(),
};
