import type { IndexFlow } from '../../content/page-index.ts';
import type { StreamSummary } from '../../../harness/terms/timeline-results.ts';
import type { Seen } from '../../content/seen.ts';
import { usePage } from '../state/context.ts';

const MARKS = { pass: '✓', fail: '✗', 'not-run': '!' } as const;

/** Verdict as icon and word, so that it can be read without colour. */
export function VerdictBadge({ verdict }: { verdict: IndexFlow['verdict'] }) {
  const { t } = usePage();
  return (
    <span class={`badge ${verdict}`}>
      <span aria-hidden="true">{MARKS[verdict]}</span> {t.verdicts[verdict]}: {t.verdictHints[verdict]}
    </span>
  );
}

/** Only the verdict's icon, for places with a word beside it. */
export function VerdictMark({ verdict }: { verdict: IndexFlow['verdict'] }) {
  const { t } = usePage();
  return (
    <span class={`mark ${verdict}`} role="img" aria-label={t.verdicts[verdict]}>
      {MARKS[verdict]}
    </span>
  );
}

/** Result of a stream in a step: its outage, the number of failed calls, or that all calls worked. */
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

/** Outcome of a flow in one word; all outcomes if attempts vary. */
export function Outcome({ flow }: { flow: Seen }) {
  const { t } = usePage();
  if (flow.outcome === null) return <>{t.notRun}</>;
  if (flow.outcomeGroups.length > 0) return <>{t.messages.outcomeGroups(flow.outcomeGroups)}</>;
  if (flow.cause) return <code class="cause">{flow.cause}</code>;
  const finding = flow.findings[0];
  if (finding) return <>↺ {t.findings[finding]}</>;
  return <>{flow.outcome === 'works' ? t.works : t.fails}</>;
}
