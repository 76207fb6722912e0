import type { IndexFlow } from '../content/page-index.ts';
import type { Seen } from '../content/seen.ts';
import { usePage } from './context.ts';

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

/** How a flow went, in one word of the reader's or of the catalogue; where attempts vary, how each went. */
export function Outcome({ flow }: { flow: Seen }) {
  const { t } = usePage();
  if (flow.outcome === null) return <>{t.notRun}</>;
  if (flow.ways.length > 0) return <>{t.messages.ways(flow.ways)}</>;
  if (flow.cause) return <code class="cause">{flow.cause}</code>;
  const finding = flow.findings[0];
  if (finding) return <>↺ {t.findings[finding]}</>;
  return <>{flow.outcome === 'works' ? t.works : t.fails}</>;
}
