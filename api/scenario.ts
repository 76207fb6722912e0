import type { Project } from '../harness/project/project.ts';
import { cellNamesOf, plansOf, type LoadedScenario, type Selection } from '../harness/scenario/resolve/plans.ts';

/** A scenario with its lab, read and checked. */
export class Scenario {
  /** Path below the folder of scenarios, without the ending. */
  readonly name: string;
  readonly title: string;
  /** Path from the project's root. */
  readonly file: string;
  /** Name of the lab. */
  readonly lab: string;
  readonly variants: readonly string[];
  /** Names of flows, and of streams in steps: `STEP.STREAM`. */
  readonly flows: readonly string[];

  /** @internal */
  constructor(
    /** @internal */
    readonly project: Project,
    /** @internal */
    readonly loaded: LoadedScenario,
  ) {
    const { scenario, yaml } = loaded;
    this.name = scenario.name;
    this.title = scenario.file.title;
    this.file = yaml.file;
    this.lab = scenario.labName;
    this.variants = scenario.variants.map(({ name }) => name);
    this.flows = cellNamesOf(scenario.file);
  }
}

/** Selects parts of scenarios; everything by default. */
export interface Choice {
  /** Names of variants. */
  variants?: string[];
  /** Names of flows. */
  flows?: string[];
}

/** @internal */
export const selectionOf = ({ variants = [], flows = [] }: Choice): Selection => ({ variants, flows });

/** The variants and flows of a scenario that a choice leaves. @internal */
export const chosen = (scenario: Scenario, choice: Choice): ReturnType<typeof plansOf> =>
  plansOf(scenario.loaded, selectionOf(choice));
