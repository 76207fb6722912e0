import type { FlowResult, Results } from '../harness/terms/results.ts';
import { seenOf } from './content/seen.ts';
import { cellsOf } from './content/cells.ts';

/** Change of one flow between two runs. */
export interface FlowChange {
  kind: 'newly failing' | 'fixed' | 'otherwise changed' | 'new' | 'gone';
  /** `scenario › variant › flow`. */
  where: string;
  /** As text; null if the flow did not exist. */
  before: string | null;
  after: string | null;
}

const ORDER: FlowChange['kind'][] = ['newly failing', 'fixed', 'otherwise changed', 'new', 'gone'];

/** Flows whose verdict, outcome, cause or findings differ between two runs; regressions first. */
export function diffResults(before: Results, after: Results): FlowChange[] {
  const [old, now] = [flowsByPlace(before), flowsByPlace(after)];
  const changes = [...new Set([...old.keys(), ...now.keys()])].flatMap((where): FlowChange[] => {
    const [a, b] = [old.get(where), now.get(where)];
    const [was, is] = [a ? summaryOf(a) : null, b ? summaryOf(b) : null];
    if (was === is) return [];
    return [{ kind: kindOf(a, b), where, before: was, after: is }];
  });
  return ORDER.flatMap((kind) => changes.filter((change) => change.kind === kind));
}

/** The difference of two runs as text for a terminal. */
export function diffText(before: Results, after: Results): string {
  const changes = diffResults(before, after);
  const total = flowsByPlace(after).size;
  if (changes.length === 0) return `Nothing changed: ${total} flows with the same verdicts and causes.\n`;
  const sections = ORDER.flatMap((kind) => {
    const lines = changes.filter((change) => change.kind === kind).map(line);
    return lines.length ? [`${kind} (${lines.length})`, ...lines, ''] : [];
  });
  return `${sections.join('\n')}\n${changes.length} of ${total} flows changed.\n`;
}

function line({ where, before, after }: FlowChange): string {
  if (before === null) return `  + ${where}: ${after ?? ''}`;
  if (after === null) return `  - ${where}: ${before}`;
  return `  ~ ${where}: ${before} → ${after}`;
}

function kindOf(before: FlowResult | undefined, after: FlowResult | undefined): FlowChange['kind'] {
  if (!before) return 'new';
  if (!after) return 'gone';
  if (before.verdict === 'pass' && after.verdict !== 'pass') return 'newly failing';
  return before.verdict !== 'pass' && after.verdict === 'pass' ? 'fixed' : 'otherwise changed';
}

/** If outcomes vary as expected, two runs may differ in them, or in how a stream got through its step. */
function summaryOf(flow: FlowResult): string {
  const { verdict, expected } = flow;
  if (verdict === 'pass' && ['interrupted', 'connections'].includes(expected.outcome)) return 'pass, as expected';
  const { outcome, cause, causeNode, findings, outcomeGroups } = seenOf(flow);
  const happened = cause ? `${cause} at ${causeNode}` : outcomeGroups.length > 0 ? 'varies' : (outcome ?? '');
  return [verdict, happened, ...findings].filter(Boolean).join(', ');
}

function flowsByPlace(results: Results): Map<string, FlowResult> {
  return new Map(
    cellsOf(results).map(({ scenario, variant, flow }) => [`${scenario.name} › ${variant.name} › ${flow.name}`, flow]),
  );
}
