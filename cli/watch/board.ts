import { describeScenario } from '../../harness/run/scenario.ts';
import { describeVariant } from '../../harness/run/variant.ts';
import { cellNames, cellsOf, plansOf, type LoadedScenario } from '../../harness/scenario/resolve/plans.ts';
import type { Variant } from '../../harness/scenario/read/read-variant.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import type { Results, ScenarioResult, VariantResult } from '../../harness/terms/results.ts';

/** A variant as its files say it now, and what came of it when it last ran. */
export interface Column {
  /** Of this file's this variant. */
  key: string;
  /** Of the scenario, as results name it. */
  file: string;
  variant: Variant;
  plan: Plan;
  /** All of the plan that makes a difference to a run. */
  meaning: string;
  /** Null where it never ran. */
  last: VariantResult | null;
}

interface Ran {
  /** Of the plan that it ran on. */
  meaning: string;
  startedAt: string;
  result: VariantResult;
}

interface Current {
  loaded: LoadedScenario;
  plans: { key: string; variant: Variant; plan: Plan; meaning: string }[];
}

/** A variant to be shown, and whether it ran before the last run. */
interface Kept {
  ran: Ran;
  variant: Variant;
  plan: Plan;
  isOld: boolean;
}

/** What is known of every scenario that is watched: what it says now, and how each variant of it ran last. */
export class Board {
  readonly #current = new Map<string, Current>();
  readonly #ran = new Map<string, Ran>();
  /** What was shown of each file, and what it was made of. */
  readonly #shown = new Map<string, { parts: unknown[]; result: ScenarioResult }>();
  /** Keys of what is to run again, changed or not. */
  readonly #demanded = new Set<string>();
  /** Meanings of plans that could not be run, by key: nobody tries them again unless they change, or the user asks. */
  readonly #givenUp = new Map<string, string>();

  /** Takes in a scenario as it is now, in the place of what it was. */
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

  /** Keeps these files alone, in this order. */
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

  /** Columns that never ran as they are now. */
  due(): Column[] {
    return this.columns().filter(
      ({ key, meaning }) =>
        this.#demanded.has(key) || (this.#ran.get(key)?.meaning !== meaning && this.#givenUp.get(key) !== meaning),
    );
  }

  /** Has columns run again, changed or not. */
  demand(columns: Column[]): void {
    for (const { key } of columns) this.#demanded.add(key);
  }

  /** Notes that columns cannot be run as they are now. */
  giveUp(columns: Column[]): void {
    for (const { key, meaning } of columns) {
      this.#givenUp.set(key, meaning);
      this.#demanded.delete(key);
    }
  }

  /** Takes in what came of a run; of one that was stopped, what had finished. */
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
   * What is known of everything, as results of the last run. What ran before has the moment when it did, and stands where
   * the files have it now; what has changed since it ran is left out.
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

  /** The same object as long as nothing in it is new: whoever writes it need not make the same text again. */
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

/** Columns with a part of a name: of the scenario, the variant or a flow. */
export function matching(columns: Column[], pattern: string): Column[] {
  return columns.filter(({ plan }) =>
    [`${plan.scenario} [${plan.variant}]`, ...cellNames(plan)].some((name) => name.includes(pattern)),
  );
}

/** All that makes a difference to a run: where the YAML has it makes none. */
function meaningOf(plan: Plan): string {
  return JSON.stringify(plan, (key, value: unknown) => (key === 'at' && isPosition(value) ? null : value));
}

function isPosition(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'line' in value;
}

/** A result whose places are those of the plan that it would run on now, which means the same. */
function placed(result: VariantResult, variant: Variant, plan: Plan): VariantResult {
  const places = new Map(cellsOf(plan).map(({ name, at }) => [name, at]));
  const flows = result.flows.map((flow) => ({ ...flow, at: places.get(flow.name)! }));
  return { ...result, ...describeVariant(variant), plan, flows };
}
