import type { StepResult } from '../../../harness/terms/timeline-results.ts';
import type { PageStream } from '../../content/page-details.ts';
import { outcomeText } from '../../messages/catalogue.ts';
import type { Strings } from '../strings/en.ts';

/** A call in one line: number, time, step and outcome. `call` counts from 0. */
export function callText(t: Strings, stream: PageStream, steps: StepResult[], call: number): string {
  const { beginMs, endMs, step, outcome, servedBy, l4, cause, client } = stream.calls[call]!;
  const took = tenths(endMs - beginMs);
  const what =
    outcome === 'works'
      ? t.timeline.answered({ servedBy: servedBy ?? t.noServer, l4, took })
      : t.timeline.unanswered({ cause, client: outcomeText(t.messages, client), took });
  const where = t.timeline.call({ stream: stream.name, number: call + 1, of: stream.calls.length });
  return `${where} · ${tenths(beginMs)} ms · ${steps[step]?.title ?? ''} · ${what}`;
}

function tenths(ms: number): string {
  return ms.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
