import type { Test } from '@jest/test-result';
import type { RunEvent } from '../harness/run/events.ts';
import { cellsOf, plansOf, type LoadedScenario, type Selection } from '../harness/scenario/resolve/plans.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import type { JestReporter } from './jest-reporter.ts';
import { testResult, type FlowTest } from './test-result.ts';

const EVERYTHING: Selection = { variants: [], flows: [] };

/** A scenario as a test file: passes events of the run to jest. */
export class ScenarioFile {
  readonly loaded: LoadedScenario;
  readonly #test: Test;
  readonly #reporter: JestReporter;
  readonly #flows: Omit<FlowTest, 'result'>[];
  readonly #results = new Map<string, FlowResult>();
  #began: number | null = null;

  constructor(test: Test, loaded: LoadedScenario, { takes = () => true }: Selection, reporter: JestReporter) {
    this.loaded = loaded;
    this.#test = test;
    this.#reporter = reporter;
    this.#flows = plansOf(loaded, EVERYTHING).flatMap(({ variant, plan }) =>
      cellsOf(plan).map((flow) => ({
        variant: variant.name,
        flow,
        chosen: takes(loaded.scenario.name, variant.name, flow.name),
      })),
    );
  }

  get name(): string {
    return this.loaded.scenario.name;
  }

  /** Whether any of its flows is selected. */
  get isChosen(): boolean {
    return this.#flows.some(({ chosen }) => chosen);
  }

  skip(): void {
    this.#begin();
    this.#end();
  }

  onEvent(event: Exclude<RunEvent, { event: 'started' }>): void {
    this.#begin();
    // A repeated event of a flow replaces its verdict.
    if (event.event === 'flow') this.#results.set(key(event.variant, event.result.name), event.result);
    if (event.event === 'scenario') this.#end();
  }

  #begin(): void {
    if (this.#began !== null) return;
    this.#began = Date.now();
    this.#reporter.start(this.#test);
  }

  #end(): void {
    const flows = this.#flows.map((one) => ({ ...one, result: this.#results.get(key(one.variant, one.flow.name)) }));
    const times = { began: this.#began!, ended: Date.now() };
    const result = testResult(this.#test, this.name, flows, {
      ...times,
      color: process.stderr.isTTY && process.stderr.hasColors(),
    });
    this.#reporter.result(this.#test, result);
  }
}

function key(variant: string, flow: string): string {
  return `${variant} ${flow}`;
}
