import type { EngineFacts } from '../../harness/fabric/engine.ts';
import type { ContainerProbe } from '../../harness/fabric/kernel-features.ts';

/** What was found out about a machine and its engine; null where it could not be asked. */
export interface Facts {
  node: { version: string; wanted: string; newEnough: boolean };
  engine: EngineAnswer;
  /** Kernel of this machine; the engine's may be another one. */
  kernel: string;
  image: { name: string; present: boolean } | null;
  inside: ContainerProbe | null;
  network: NetworkFacts | null;
  /** The smallest lab, booted for real. */
  lab: { bootMs: number } | { reason: string } | null;
  /** What kept `inside`, `network` and `lab` from being asked. */
  unasked: string | null;
  /**
   * What set-up goes by. `tools`: programs that the tests need and that are missing. `installs`: it may install packages,
   * and nobody points at another engine than this machine's own. `dockerd`: that one is installed.
   */
  setup: { tools: string[]; installs: boolean; dockerd: boolean };
}

export type EngineAnswer =
  | { endpoint: string; facts: EngineFacts; unfit: string | null }
  /** `reason` says where it was looked for, and what to do. */
  | { endpoint: null; reason: string };

/** The network of the engine's host. */
export interface NetworkFacts {
  /** Chains that drop what no rule of theirs accepts; they may know the engine's networks all the same. */
  filters: { chain: string; how: string; owner: string }[];
  /** Sysctls that hand bridged frames to the firewall: name → value; those that do not exist are left out. */
  bridgeFilters: Record<string, string>;
  /** A port of a Docker network that gives frames back to whoever sent them. */
  hairpinPort: string | null;
  /** Addresses of labs that the host itself has. */
  clashes: { lab: string; owner: string; address: string; iface: string }[];
}
