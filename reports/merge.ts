import type { FlowResult, Results, ScenarioResult, VariantResult, Verdict } from '../harness/terms/results.ts';

/**
 * Merges parts of a run. The result depends neither on the order of the parts nor on how the run was split: by
 * scenario, by variant or by flow. Scenarios are in the order of their files, flows and variants in the order of the
 * YAML. A flow in several parts keeps its worst verdict; any verdict takes precedence over `not-run`.
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
    version: 4,
    startedAt,
    durationMs: Math.max(...parts.map((part) => Date.parse(part.startedAt) + part.durationMs - start)),
    environment: canonical(parts.map(({ environment }) => environment)),
    ...(parts.some(({ interrupted }) => interrupted) ? { interrupted: true as const } : {}),
    scenarios: groups.map(mergeScenario),
  };
}

function mergeScenario(parts: ScenarioResult[]): ScenarioResult {
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
    variants: group(
      parts.flatMap((part) => part.variants),
      ({ name: column }) => column,
    )
      .map(mergeVariant)
      .sort(byPosition),
  };
}

function mergeVariant(parts: VariantResult[]): VariantResult {
  const [first] = parts;
  const longest = (phase: keyof VariantResult['timings']) => Math.max(...parts.map(({ timings }) => timings[phase]));
  return {
    name: first!.name,
    at: canonical(parts.map(({ at }) => at)),
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
    )
      .map(worst)
      .sort(byPosition),
    ...timelineOf(parts),
    balancers: mergeRecords(parts.map(({ balancers }) => balancers)),
    logs: mergeRecords(parts.map(({ logs }) => logs)),
    timings: {
      bootMs: longest('bootMs'),
      configureMs: longest('configureMs'),
      flowsMs: longest('flowsMs'),
      resetMs: longest('resetMs'),
    },
  };
}

/** All streams of a variant run together, so a part with its timeline has all of it. */
function timelineOf(parts: VariantResult[]): Pick<VariantResult, 'timeline'> {
  const timelines = parts.flatMap(({ timeline }) => timeline ?? []);
  return timelines.length === 0 ? {} : { timeline: canonical(timelines) };
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

/** One of several items, independent of their order. */
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
