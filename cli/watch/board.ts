import { describeScenario } from '../../harness/run/scenario.ts';
import { describeVariant } from '../../harness/run/variant.ts';
import { cellNames, cellsOf, plansOf, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Variant } from '../../harness/scenario/read/read-variant.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import type { Results, ScenarioResult, VariantResult } from '../../harness/terms/results.ts';

/** A variant as currently written, and its last result. */
export interface Column {
  /** Key of file and variant. */
  key: string;
  /** File of the scenario, as named in results. */
  file: string;
  variant: Variant;
  plan: Plan;
  /** The parts of the plan that affect a run, as text. */
  meaning: string;
  /** Null if it never ran. */
  last: VariantResult | null;
}

interface Ran {
  /** The same for the plan of its last run. */
  meaning: string;
  startedAt: string;
  result: VariantResult;
}

interface Current {
  loaded: LoadedScenario;
  plans: { key: string; variant: Variant; plan: Plan; meaning: string }[];
}

/** A variant to show, and whether it ran before the last run. */
interface Kept {
  ran: Ran;
  variant: Variant;
  plan: Plan;
  isOld: boolean;
}

/** State of all watched scenarios: their current text, and the last result of each variant. */
export class Board {
  readonly #current = new Map<string, Current>();
  readonly #ran = new Map<string, Ran>();
  /** Cached results of each file, with their inputs. */
  readonly #shown = new Map<string, { parts: unknown[]; result: ScenarioResult }>();
  /** Keys of columns to run again, even if unchanged. */
  readonly #demanded = new Set<string>();
  /** Plans that could not be run, by key: not retried unless they change or the user asks. */
  readonly #givenUp = new Map<string, string>();

  /** Adds or replaces a scenario. */
  set(loaded: LoadedScenario): void {
    const { file } = loaded.yaml;
    const plans = plansOf(loaded, { variants: [], flows: [] }).map(({ variant, plan }) => ({
      key: JSON.stringify([file, variant.name]),
      variant,
      plan,
      meaning: meaningOf(plan),
    }));
    this.#current.set(file, { loaded, plans });
  }

  /** Keeps only these files, in this order. */
  arrange(files: string[]): void {
    const kept = files.flatMap((file) => {
      const current = this.#current.get(file);
      return current ? [[file, current] as const] : [];
    });
    this.#current.clear();
    for (const [file, current] of kept) this.#current.set(file, current);
  }

  loaded(file: string): LoadedScenario | undefined {
    return this.#current.get(file)?.loaded;
  }

  columns(): Column[] {
    return this.#plans().map((one) => ({ ...one, last: this.#ran.get(one.key)?.result ?? null }));
  }

  /** Columns that have not run in their current state. */
  due(): Column[] {
    return this.columns().filter(
      ({ key, meaning }) =>
        this.#demanded.has(key) || (this.#ran.get(key)?.meaning !== meaning && this.#givenUp.get(key) !== meaning),
    );
  }

  /** Marks columns to run again, even if unchanged. */
  demand(columns: Column[]): void {
    for (const { key } of columns) this.#demanded.add(key);
  }

  /** Records that columns cannot be run in their current state. */
  giveUp(columns: Column[]): void {
    for (const { key, meaning } of columns) {
      this.#givenUp.set(key, meaning);
      this.#demanded.delete(key);
    }
  }

  /** Adds the results of a run; of an interrupted one, only what had finished. */
  take({ scenarios, startedAt, interrupted }: Results): void {
    for (const { file, variants } of scenarios) {
      for (const result of variants) {
        if (interrupted && result.flows.some(({ verdict }) => verdict === 'not-run')) continue;
        const key = JSON.stringify([file, result.name]);
        this.#demanded.delete(key);
        this.#ran.set(key, { meaning: meaningOf(result.plan), startedAt, result });
      }
    }
  }

  /**
   * All current results, as results of the last run. Earlier results have their time and their current position;
   * outdated ones are omitted.
   */
  results({ version, startedAt, durationMs, environment }: Results): Results {
    const scenarios = [...this.#current.values()].map(({ loaded, plans }) => {
      const kept = plans.flatMap(({ key, variant, plan, meaning }) => {
        const ran = this.#ran.get(key);
        return ran?.meaning === meaning ? [{ ran, variant, plan, isOld: ran.startedAt !== startedAt }] : [];
      });
      return this.#shownAs(loaded, kept);
    });
    const shown = scenarios.filter(({ variants }) => variants.length > 0);
    return { version, startedAt, durationMs, environment, scenarios: shown };
  }

  /** Returns the same object while nothing has changed, so that writers can reuse their output. */
  #shownAs(loaded: LoadedScenario, kept: Kept[]): ScenarioResult {
    const parts = [loaded, ...kept.flatMap(({ ran, isOld }) => [ran, isOld])];
    const former = this.#shown.get(loaded.yaml.file);
    if (former && former.parts.length === parts.length && former.parts.every((part, i) => part === parts[i]))
      return former.result;
    const variants = kept.map(({ ran, variant, plan, isOld }) => ({
      ...placed(ran.result, variant, plan),
      ...(isOld ? { ranAt: ran.startedAt } : {}),
    }));
    const result = { ...describeScenario(loaded), variants };
    this.#shown.set(loaded.yaml.file, { parts, result });
    return result;
  }

  #plans(): (Current['plans'][number] & { file: string })[] {
    return [...this.#current].flatMap(([file, { plans }]) => plans.map((one) => ({ ...one, file })));
  }
}

/** Columns with a flow that failed, or was not run. */
export function failed(columns: Column[]): Column[] {
  return columns.filter(({ last }) => last?.flows.some(({ verdict }) => verdict !== 'pass'));
}

/** Columns with a text in the name of scenario, variant or a flow. */
export function matching(columns: Column[], pattern: string): Column[] {
  return columns.filter(({ plan }) =>
    [`${plan.scenario} [${plan.variant}]`, ...cellNames(plan)].some((name) => name.includes(pattern)),
  );
}

/** The parts of a plan that affect a run: without positions in the YAML. */
function meaningOf(plan: Plan): string {
  return JSON.stringify(plan, (key, value: unknown) => (key === 'at' && isPosition(value) ? null : value));
}

function isPosition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'line' in value;
}

/** A result with positions updated to the current, equivalent plan. */
function placed(result: VariantResult, variant: Variant, plan: Plan): VariantResult {
  const places = new Map(cellsOf(plan).map(({ name, at }) => [name, at]));
  const flows = result.flows.map((flow) => ({ ...flow, at: places.get(flow.name)! }));
  return { ...result, ...describeVariant(variant), plan, flows };
}
