import { L4labError } from '../harness/errors.ts';
import { noSuch } from '../harness/did-you-mean.ts';
import { predict } from '../harness/model/predict.ts';
import { configureLab } from '../harness/run/configure-lab.ts';
import { runSequence, sharedBy } from '../harness/run/flow.ts';
import { dropConnections } from '../harness/run/variant.ts';
import { sequenceTo } from '../harness/scenario/after.ts';
import { LabPool, type PooledLab } from '../harness/run/lab-pool.ts';
import { readVariant, type Variant } from '../harness/scenario/read/read-variant.ts';
import { mergePatch } from '../harness/scenario/merge-patch.ts';
import { resolvePlan } from '../harness/scenario/resolve/resolve.ts';
import type { Plan } from '../harness/terms/plan.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import { readyEngine } from './engine.ts';
import type { Scenario } from './scenario.ts';

/** A flow as in scenarios; `expect` defaults to `works`. See docs/fields.md. */
export interface FlowInput {
  from: string;
  to: string;
  expect?: unknown;
  [field: string]: unknown;
}

/** Result of a command in a node. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Boots the lab of a scenario and configures it for a variant.
 * @param options the variant, the first by default; a signal that stops the boot
 * @example await using lab = await bootLab(scenario);
 */
export async function bootLab(
  scenario: Scenario,
  options: { variant?: string; signal?: AbortSignal } = {},
): Promise<BootedLab> {
  const variant = variantOf(scenario, options.variant);
  const plan = resolvePlan(scenario.loaded.scenario, variant);
  const { signal } = options;
  const { engine, image, labels } = await readyEngine(scenario.project);
  const pool = new LabPool({ engine, image, labels, ...(signal ? { signal } : {}) });
  try {
    const pooled = await pool.acquire(plan);
    await configureLab(pooled.lab, plan);
    return new BootedLab({ scenario, variant, plan, pool, pooled });
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
}

/** A running, configured lab; removed on disposal. */
export class BootedLab implements AsyncDisposable {
  /** Names of its nodes. */
  readonly nodes: readonly string[];

  /** @internal */
  constructor(private readonly up: Up) {
    this.nodes = up.plan.nodes.map(({ name }) => name);
  }

  /**
   * Runs a command in a node until it exits.
   * @param input its stdin; empty by default
   */
  async exec(node: string, argv: [string, ...string[]], input?: string): Promise<CommandResult> {
    if (!this.nodes.includes(node)) throw new L4labError('invalid-input', noSuch('node', node, this.nodes));
    return this.up.pooled.lab.node(node).call('run', { argv, ...(input === undefined ? {} : { input }) });
  }

  /**
   * Runs a flow and judges it: one of the scenario by name, or a new one. Runs its predecessors (`after`) first.
   * @returns its verdict, walks and cause, as in results.json
   */
  async fire(flow: string | FlowInput): Promise<FlowResult> {
    const { plan, pooled } = this.up;
    const name = typeof flow === 'string' ? flow : 'fired';
    const with_ = typeof flow === 'string' ? plan : this.#planWith(flow);
    const found = with_.flows.find((one) => one.name === name);
    if (found === undefined) {
      const names = plan.flows.map((one) => one.name);
      throw new L4labError('invalid-input', noSuch('flow', name, names));
    }
    const sequence = sequenceTo(found, with_.flows).map((one) => ({ flow: one, predicted: predict(with_, one) }));
    const results = await runSequence(
      sequence,
      () => sharedBy(with_, pooled),
      () => dropConnections(with_, pooled),
    );
    return results.at(-1)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up.pool[Symbol.asyncDispose]();
  }

  /** The plan with an additional flow. */
  #planWith(flow: FlowInput): Plan {
    const { scenario, variant } = this.up;
    const { scenario: read, yaml } = scenario.loaded;
    const before = { ...yaml, value: mergePatch(yaml.value, variant.change) };
    const change = { flows: { fired: { expect: 'works', ...flow } } };
    return resolvePlan(read, readVariant(variant.name, { title: variant.title, change, expect: {} }, read.lab, before));
  }
}

interface Up {
  scenario: Scenario;
  variant: Variant;
  plan: Plan;
  pool: LabPool;
  pooled: PooledLab;
}

function variantOf({ loaded, variants }: Scenario, name: string | undefined): Variant {
  if (name === undefined) return loaded.scenario.variants[0]!;
  const found = loaded.scenario.variants.find((variant) => variant.name === name);
  if (found) return found;
  throw new L4labError('invalid-input', noSuch('variant', name, variants));
}
