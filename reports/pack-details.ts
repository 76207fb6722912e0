import type { Attempt, FlowResult, ScenarioResult } from '../harness/terms/results.ts';
import type { Hop } from '../harness/terms/walk.ts';
import type { Sighting } from '../harness/terms/sighting.ts';
import { capturePath } from './captures.ts';
import { packRows } from './content/pack-rows.ts';
import type { PackedFlow, PackedScenario, Range, Yaml } from './content/page-details.ts';

/** Packs a scenario; of attempts that tell the same story only the first keeps its packets. */
export function packScenario({ name: scenario, variants }: ScenarioResult, yaml: Yaml): PackedScenario {
  const hops: Hop[] = [];
  const packets: Sighting[] = [];
  const packed = variants.map(({ name, title, at, change, timings, flows }) => {
    return {
      name,
      title,
      at,
      change,
      timings,
      flows: flows.map((flow) => ({
        ...packFlow(flow, hops, packets),
        capture: capturePath(scenario, name, flow),
      })),
    };
  });
  return {
    plans: variants.map(({ plan }) => plan),
    balancers: variants.map(({ balancers }) => balancers),
    logs: variants.map(({ logs }) => logs),
    variants: packed,
    hops: packRows(hops),
    packets: packRows(packets),
    yaml,
  };
}

function packFlow(flow: FlowResult, hops: Hop[], packets: Sighting[]): Omit<PackedFlow, 'capture'> {
  const firstOf = new Map<string, number>();
  return {
    ...flow,
    predicted: flow.predicted.map((p) => ({ ...p, request: append(hops, p.request), reply: append(hops, p.reply) })),
    attempts: flow.attempts.map(({ observed, packets: seen, ...attempt }, i) => {
      const earlier = firstOf.get(contentOf(attempt));
      firstOf.set(contentOf(attempt), earlier ?? i);
      return {
        ...attempt,
        request: append(hops, observed.request),
        reply: append(hops, observed.reply),
        packets: earlier === undefined ? append(packets, differences(seen)) : { sameAs: earlier },
      };
    }),
  };
}

function contentOf({
  outcome,
  client,
  cause,
  servedBy,
  picked,
  findings,
}: Omit<Attempt, 'observed' | 'packets'>): string {
  return JSON.stringify([outcome, client, cause?.code, cause?.node, servedBy, picked, findings]);
}

function append<T>(table: T[], rows: T[]): Range {
  const start = table.length;
  for (const row of rows) table.push(row);
  return [start, rows.length];
}

/** Packets without their bytes, which are in the capture file. */
function differences(packets: Sighting[]): Sighting[] {
  const microseconds = packets.map(({ time }) => Math.round(time / 1000));
  return packets.map(({ node, iface, direction, frame }, i) => {
    return { time: microseconds[i]! - (microseconds[i - 1] ?? 0), node, iface, direction, frame };
  });
}
