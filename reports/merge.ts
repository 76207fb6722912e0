import type { FlowResult, Results, ScenarioResult, VariantResult, Verdict } from '../harness/judge/results.ts';

/**
 * One result of many parts of a run. What comes out depends neither on the order of the parts nor on how the
 * run was cut: by scenario, by variant or by flow. Scenarios stand in the order of their files, flows in the
 * order of the YAML, and variants as the parts have them, or by name where no part holds both of two variants.
 * A flow that is in several parts keeps its worst verdict, where any verdict counts more than `not-run`.
 * @throws RangeError without parts
 */
export function mergeResults(parts: Results[]): Results {
  if (parts.length === 0) throw new RangeError('There is nothing to merge.');
  const startedAt = smallest(parts.map((part) => part.startedAt));
  const start = Date.parse(startedAt);
  const groups = group(
    parts.flatMap(({ scenarios }) => scenarios),
    ({ file, name }) => JSON.stringify([file, name]),
  );
  return {
    version: 1,
    startedAt,
    durationMs: Math.max(...parts.map((part) => Date.parse(part.startedAt) + part.durationMs - start)),
    environment: canonical(parts.map(({ environment }) => environment)),
    scenarios: groups.map(mergeScenario),
  };
}

function mergeScenario(parts: ScenarioResult[]): ScenarioResult {
  const variants = group(
    parts.flatMap((part) => part.variants),
    ({ name }) => name,
  ).map(mergeVariant);
  const order = commonOrder(parts.map((part) => part.variants.map(({ name }) => name)));
  const rows = parts.flatMap(({ flows }) => flows);
  const { name, title, description, file, lab, sources } = canonical(
    parts.map((part) => ({ ...part, flows: [], variants: [] })),
  );
  return {
    name,
    title,
    description,
    file,
    lab,
    sources,
    flows: group(rows, ({ name: row }) => row)
      .map(canonical)
      .sort(byPosition),
    variants: variants
      .map((variant) => ({ ...variant, flows: variant.flows.sort(byPosition) }))
      .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
  };
}

function mergeVariant(parts: VariantResult[]): VariantResult {
  const [first] = parts;
  const longest = (phase: keyof VariantResult['timings']) => Math.max(...parts.map(({ timings }) => timings[phase]));
  return {
    name: first!.name,
    change: smallest(parts.map(({ change }) => change)),
    title: smallest(parts.map(({ title }) => title)),
    plan: {
      ...canonical(parts.map(({ plan }) => ({ ...plan, flows: [] }))),
      flows: group(
        parts.flatMap(({ plan }) => plan.flows),
        ({ name }) => name,
      )
        .map(canonical)
        .sort(byPosition),
    },
    flows: group(
      parts.flatMap(({ flows }) => flows),
      ({ name }) => name,
    ).map(worst),
    lb: mergeRecords(parts.map(({ lb }) => lb)),
    logs: mergeRecords(parts.map(({ logs }) => logs)),
    timings: {
      bootMs: longest('bootMs'),
      configureMs: longest('configureMs'),
      flowsMs: longest('flowsMs'),
      resetMs: longest('resetMs'),
    },
  };
}

const WEIGHT: Record<Verdict, number> = { fail: 2, pass: 1, 'not-run': 0 };

function worst(flows: FlowResult[]): FlowResult {
  const most = Math.max(...flows.map(({ verdict }) => WEIGHT[verdict]));
  return canonical(flows.filter(({ verdict }) => WEIGHT[verdict] === most));
}

function mergeRecords<T>(records: Record<string, T>[]): Record<string, T> {
  const entries = group(
    records.flatMap((record) => Object.entries(record)),
    ([key]) => key,
  );
  return Object.fromEntries(entries.map((same) => canonical(same)));
}

/** Items with the same key together, in the order of the keys. */
function group<T>(items: T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => same);
}

/** All names, in an order that no list contradicts where there is one; what the lists leave open is by name. */
function commonOrder(lists: string[][]): string[] {
  const left = new Set(lists.flat().sort());
  const order: string[] = [];
  while (left.size > 0) {
    const fronts = [...left].filter((name) =>
      lists.every(
        (list) => !list.includes(name) || list.slice(0, list.indexOf(name)).every((earlier) => !left.has(earlier)),
      ),
    );
    const next = fronts[0] ?? [...left][0]!;
    order.push(next);
    left.delete(next);
  }
  return order;
}

/** Of several, always the same one, whatever their order. */
function canonical<T>(items: T[]): T {
  const [first, ...rest] = items.map((item) => ({ item, text: JSON.stringify(item) }));
  return rest.reduce((least, other) => (other.text < least.text ? other : least), first!).item;
}

function smallest(texts: string[]): string {
  return texts.reduce((least, other) => (other < least ? other : least));
}

function byPosition(a: { at: FlowResult['at']; name: string }, b: { at: FlowResult['at']; name: string }): number {
  return a.at.line - b.at.line || a.at.col - b.at.col || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
