import type { IndexFlow, IndexScenario, IndexVariant, PageIndex } from '../../content/page-index.ts';
import { type Catalogue, say } from '../../messages/catalogue.ts';
import type { Filter } from './route.ts';

/** One cell with the names of its scenario, variant and flow. */
export interface Cell {
  scenario: IndexScenario;
  variant: IndexVariant;
  flow: IndexFlow;
}

/** Every cell of the index, in order. */
export function allCells(index: PageIndex): Cell[] {
  return index.scenarios.flatMap((scenario) =>
    scenario.variants.flatMap((variant) => variant.flows.map((flow) => ({ scenario, variant, flow }))),
  );
}

/** Filter values of a cell besides its verdict: cause, finding, outcome, or that attempts vary. */
export function causeOf(flow: IndexFlow): string {
  if (flow.outcomeGroups.length > 0) return 'varies';
  return flow.cause ?? flow.findings[0] ?? flow.outcome ?? 'not-run';
}

/** Cells that match the filter; every word of its text must occur in the cell's visible text. */
export function filterCells(cells: Cell[], filter: Filter, messages: Catalogue): Cell[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return cells.filter(
    ({ scenario, variant, flow }) =>
      (!filter.verdict || flow.verdict === filter.verdict) &&
      (!filter.cause || causeOf(flow) === filter.cause) &&
      (!filter.mode || (flow.mode ?? 'direct') === filter.mode) &&
      (!filter.lab || scenario.lab === filter.lab) &&
      (!filter.node || flow.nodes.includes(filter.node)) &&
      (words.length === 0 || containsAll(searchText({ scenario, variant, flow }, messages), words)),
  );
}

/** Values of each filter, sorted, with the number of cells. */
export function filterChoices(cells: Cell[]): Record<Exclude<keyof Filter, 'text'>, Map<string, number>> {
  return {
    verdict: tally(cells.map(({ flow }) => flow.verdict)),
    cause: tally(cells.map(({ flow }) => causeOf(flow))),
    mode: tally(cells.map(({ flow }) => flow.mode ?? 'direct')),
    lab: tally(cells.map(({ scenario }) => scenario.lab)),
    node: tally(cells.flatMap(({ flow }) => flow.nodes)),
  };
}

/** Groups in order of first appearance. */
export function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** Outcome of a flow, to compare cells: `works`, `fails`, `varies`, or a finding; null if it did not run. */
export function outcomeOf(flow: IndexFlow): string | null {
  return flow.findings[0] ?? flow.outcome;
}

/** Whether a flow's outcome differs between the variants that ran it. */
export function differsByVariant(scenario: IndexScenario, flowName: string): boolean {
  const paths = scenario.variants
    .flatMap(({ flows }) => flows.filter(({ name }) => name === flowName).map(outcomeOf))
    .filter((path) => path !== null);
  return new Set(paths).size > 1;
}

function tally(values: string[]): Map<string, number> {
  const groups = groupBy(values, (value) => value);
  return new Map([...groups].map(([value, all]) => [value, all.length] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function containsAll(text: string, words: string[]): boolean {
  return words.every((word) => text.includes(word));
}

function searchText({ scenario, variant, flow }: Cell, messages: Catalogue): string {
  return [
    scenario.name,
    scenario.title,
    scenario.lab,
    variant.name,
    variant.title,
    flow.name,
    flow.from,
    flow.to,
    flow.message && say(messages, flow.message),
    flow.cause,
    messages.outcomeGroups(flow.outcomeGroups),
    ...flow.findings,
  ]
    .join('\n')
    .toLowerCase();
}
