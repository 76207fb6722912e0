import type { IndexFlow } from '../../content/page-index.ts';
import type { StreamSummary } from '../../../harness/terms/timeline-results.ts';
import type { Seen } from '../../content/seen.ts';
import { usePage } from '../state/context.ts';

const MARKS = { pass: '✓', fail: '✗', 'not-run': '!' } as const;

/** Verdict as sign and words; colour is never the only sign. */
export function VerdictBadge({ verdict }: { verdict: IndexFlow['verdict'] }) {
  const { t } = usePage();
  return (
    <span class={`badge ${verdict}`}>
      <span aria-hidden="true">{MARKS[verdict]}</span> {t.verdicts[verdict]}: {t.verdictHints[verdict]}
    </span>
  );
}

/** The verdict's sign alone, for places where a word stands beside it. */
export function VerdictMark({ verdict }: { verdict: IndexFlow['verdict'] }) {
  const { t } = usePage();
  return (
    <span class={`mark ${verdict}`} role="img" aria-label={t.verdicts[verdict]}>
      {MARKS[verdict]}
    </span>
  );
}

/** How a stream went in a step: its outage, or that all calls worked, or how many did not. */
export function StreamOutcome({ summary }: { summary: StreamSummary }) {
  const { t } = usePage();
  const { calls, failed, outage, connections, causes } = summary;
  const { timeline } = t.messages;
  if (calls === 0) return <>{t.timeline.noCalls}</>;
  const [most] = causes;
  return (
    <>
      {outage ? timeline.outage(outage) : failed === 0 ? t.works : timeline.failed(summary)}
      {(outage !== null || failed === 0) && <small>{timeline.failed(summary)}</small>}
      {connections && (
        <small>{t.timeline.survived(connections.survived, connections.reset + connections.stalled)}</small>
      )}
      {most && (
        <small>
          <code class="cause">{most.cause.code}</code> @ {most.cause.node}
        </small>
      )}
    </>
  );
}

/** How a flow went, in one word of the reader's or of the catalogue; where attempts vary, how each went. */
export function Outcome({ flow }: { flow: Seen }) {
  const { t } = usePage();
  if (flow.outcome === null) return <>{t.notRun}</>;
  if (flow.outcomeGroups.length > 0) return <>{t.messages.outcomeGroups(flow.outcomeGroups)}</>;
  if (flow.cause) return <code class="cause">{flow.cause}</code>;
  const finding = flow.findings[0];
  if (finding) return <>↺ {t.findings[finding]}</>;
  return <>{flow.outcome === 'works' ? t.works : t.fails}</>;
}
