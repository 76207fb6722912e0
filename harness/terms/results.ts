import type { Attempt } from './attempt.ts';
import type { Cause } from './cause.ts';
import type { StreamExpectation } from './expectation.ts';
import type { Finding } from './finding.ts';
import type { Fix } from './fix.ts';
import type { FlowProtocol, SourcePosition } from './flow-plan.ts';
import type { BalancerPlan } from './node-plan.ts';
import type { Plan } from './plan.ts';
import type { ControlResult, Disagreement, Reason } from './reason.ts';
import type { StreamInStep, TimelineResult } from './timeline-results.ts';
import type { Prediction } from './walk.ts';

/** Contents of results.json. Readers reject other versions. */
export interface Results {
  version: 4;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  environment: Environment;
  /** The shard of a sharded run; absent for a whole run. */
  shard?: Shard;
  /** Present if the user stopped the run: unfinished flows are `not-run`, or absent. */
  interrupted?: true;
  scenarios: ScenarioResult[];
}

/** The `index`-th of `count` parts, counted from 1. */
export interface Shard {
  index: number;
  count: number;
}

export interface Environment {
  l4lab: string;
  node: string;
  /** Name and version of the container engine. */
  engine: string;
  kernel: string;
  os: string;
  cpus: number;
  image: string;
  /** How trunks carried VLANs; absent if no lab had a trunk. */
  trunks?: Trunks;
  /** How tunnels were implemented; absent if no lab had one. */
  tunnels?: TunnelKind;
  /** All engines of a run with several; the first is the one above. */
  engines?: EngineUse[];
}

/** `tagged`: with 802.1Q tags on one wire. `wires`: one wire per VLAN, because the kernel does not support tags. */
export type Trunks = 'tagged' | 'wires';

/**
 * `devices`: the kernel's tunnel devices. `programs`: programs, because the kernel has none; the packets on the wires
 * are the same.
 */
export type TunnelKind = 'devices' | 'programs';

/** An engine's share of a run with several engines. */
export interface EngineUse {
  /** In the format of DOCKER_HOST. */
  endpoint: string;
  name: string;
  kernel: string;
  cpus: number;
  /** As in the environment. */
  trunks?: Trunks;
  /** As in the environment. */
  tunnels?: TunnelKind;
  /** Scenarios run on it. */
  scenarios: string[];
  /** Whether it became unavailable before the end; its unfinished scenarios ran on another one. */
  lost: boolean;
}

export interface ScenarioResult {
  name: string;
  title: string;
  description: string;
  /** Path of the YAML file, relative to the project's root. */
  file: string;
  lab: string;
  /** Documents and passages that this scenario tests. */
  sources: SourceRef[];
  /** Rows of the matrix, in the order of the YAML. */
  flows: { name: string; title: string; at: SourcePosition }[];
  /** Columns of the matrix. */
  variants: VariantResult[];
}

interface SourceRef {
  /** Name of the document, e.g. `seed 000`. */
  document: string;
  passage: string;
  /** What this scenario shows about the passage. */
  settles: string;
}

export interface VariantResult {
  name: string;
  title: string;
  /** Position in the YAML and among the columns; a partial run may have only some. */
  at: SourcePosition;
  /** Changes to the scenario, as YAML text; empty for the scenario itself. */
  change: string;
  /** When it ran, if before this run: `l4lab watch` only runs changes. ISO 8601, UTC. */
  ranAt?: string;
  plan: Plan;
  flows: FlowResult[];
  /** Present if the scenario has steps. */
  timeline?: TimelineResult;
  /**
   * Configuration, rules and log of every load balancer that ran, by node. For services with Maglev the rules omit the
   * contents of sets and maps.
   */
  balancers: Record<string, { kind: BalancerPlan['kind']; config: string; rules: string; log: string[] }>;
  /** Log lines of the agents, by node. */
  logs: Record<string, string[]>;
  timings: { bootMs: number; configureMs: number; flowsMs: number; resetMs: number };
}

export type Verdict = 'pass' | 'fail' | 'not-run';

/** One cell of the matrix: a flow, or a stream in a step. */
export interface FlowResult {
  /** For a stream in a step: `STEP.STREAM`. */
  name: string;
  /** Present for a stream in a step; `attempts` are then examples of its calls. */
  stream?: StreamInStep;
  protocol: FlowProtocol;
  /** Caller and destination as text, e.g. `s1` and `web (203.0.113.80:80)`. */
  from: string;
  to: string;
  /** The flow whose state it started from; absent if it started from a clean state. */
  after?: string;
  at: SourcePosition;
  expected: StreamExpectation;
  verdict: Verdict;
  /** Why the verdict is not `pass`; empty on a pass. */
  reasons: Reason[];
  /** Observed outcome of all attempts; null if the flow did not run. */
  outcome: 'works' | 'fails' | null;
  cause: Cause | null;
  findings: Finding[];
  /** One alternative per server that the L4 may select. */
  predicted: Prediction[];
  /** Set if prediction and observation differ, regardless of the expectation. */
  disagreement: Disagreement | null;
  /** Fixes of a failed flow according to the model; smallest first. */
  counterfactuals: Counterfactual[];
  attempts: Attempt[];
  /** Control flows, which show that the parts of a failing flow are running. */
  controls: ControlResult[];
  /** Command that runs only this flow. */
  rerun: string;
  durationMs: number;
}

export interface Counterfactual {
  /** One change, or two that help only together. */
  fixes: Fix[];
  /** Merge patch on the scenario, as YAML text. */
  change: string;
  /** Result of running it; null if it was not run. */
  proven: boolean | null;
}
