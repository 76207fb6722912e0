import type { EngineFacts } from '../../harness/fabric/engine.ts';
import type { ContainerProbe } from '../../harness/fabric/kernel-features.ts';

/** Facts about a machine and its engine; null if unknown. */
export interface Facts {
  node: { version: string; wanted: string; newEnough: boolean };
  engine: EngineAnswer;
  /** Kernel of this machine; the engine may have another one. */
  kernel: string;
  image: { name: string; present: boolean } | null;
  inside: ContainerProbe | null;
  network: NetworkFacts | null;
  /** Result of booting the smallest lab. */
  lab: { bootMs: number } | { reason: string } | null;
  /** Why `inside`, `network` and `lab` could not be determined. */
  unasked: string | null;
  /**
   * Facts that setup depends on. `tools`: programs missing for the tests. `installs`: whether it may install packages,
   * with no other engine configured. `dockerd`: whether it is installed.
   */
  setup: { tools: string[]; installs: boolean; dockerd: boolean };
}

export type EngineAnswer =
  | { endpoint: string; facts: EngineFacts; unfit: string | null }
  /** `reason`: where it was searched, and what to do. */
  | { endpoint: null; reason: string };

/** The network of the engine's host. */
export interface NetworkFacts {
  /** Chains that drop or reject by default; they may still accept the engine's networks. */
  filters: { chain: string; how: string; owner: string }[];
  /** Sysctls that pass bridged frames to the firewall: name → value; omits missing ones. */
  bridgeFilters: Record<string, string>;
  /** A port of a Docker network in hairpin mode, or null. */
  hairpinPort: string | null;
  /** Addresses of labs that the host also has. */
  clashes: { lab: string; owner: string; address: string; iface: string }[];
}
