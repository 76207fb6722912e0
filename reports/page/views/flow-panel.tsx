import type { PageFlow } from '../../content/page-details.ts';
import { explanations } from '../../content/cells.ts';
import { seenOf } from '../../content/seen.ts';
import { fixesText, outcomeText, say } from '../../messages/catalogue.ts';
import { expectationClauses } from '../../content/expectation-text.ts';
import { AttemptPicker } from './attempt-picker.tsx';
import { Outcome, VerdictBadge } from '../components/badge.tsx';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';
import { inUtc } from '../components/in-utc.ts';
import { TABS, toFragment } from '../state/route.ts';
import { CallNote } from '../timeline/call-note.tsx';
import { PredictedStream } from '../timeline/predicted-stream.tsx';
import { shownAttempt } from '../state/shown-attempt.ts';
import { CompareTab } from '../tabs/compare.tsx';
import { LadderTab } from '../tabs/ladder.tsx';
import { TableTab } from '../tabs/table.tsx';
import { PathTab } from '../tabs/path.tsx';
import { WhyTab } from '../tabs/why.tsx';

/** One flow in one variant: expectation and observation, then its packets in five views. */
export function FlowPanel(view: FlowView) {
  const { state, t } = usePage();
  const { flow, variant } = view;
  const attempt = shownAttempt(flow, state.attempt);
  const seen = seenOf(flow);
  const { reasons } = flow;
  const like = variant.plan.services.find(({ name }) => name === flow.to)?.like;
  const isOneOfSeveral = seen.outcomeGroups.length > 0 || flow.stream !== undefined;
  const cause = isOneOfSeveral ? (attempt?.cause ?? null) : flow.cause;
  // The reasons name the cause of most calls, which may differ from the cause of the call that is shown.
  const isOther = flow.stream !== undefined && cause !== null && cause.code !== flow.cause?.code;
  const explained = isOther ? [cause.detail, ...reasons] : explanations({ cause, reasons });
  return (
    <section class="panel flow" aria-labelledby="flow">
      <header>
        <h2 id="flow">
          <VerdictBadge verdict={flow.verdict} /> {flow.from} → {flow.to}
        </h2>
        <p class="facts">
          {variant.title} · {flow.protocol.toUpperCase()} ·{' '}
          {flow.stream ? t.timeline.cell(flow.stream) : t.nAttempts(flow.attempts.length)}
          {like !== undefined && ` · ${t.like(like)}`}
          {flow.after !== undefined && ` · ${t.after(flow.after)}`}
          {variant.ranAt !== undefined && ` · ${t.ranAt(inUtc(variant.ranAt))}`}
          {flow.capture && (
            <>
              {' · '}
              <a href={flow.capture}>{t.capture}</a>
            </>
          )}
        </p>
      </header>
      <div class="verdict-grid">
        <dl>
          <dt>{t.expected}</dt>
          <dd>{expectationClauses(flow.expected, t.expectation).join(' · ')}</dd>
          <dt>{t.seen}</dt>
          <dd>
            {flow.stream && flow.verdict !== 'not-run' ? (
              t.messages.timeline.seen(flow.stream.summary)
            ) : (
              <>
                <Outcome flow={seen} />
                {seen.causeNode && ` @ ${seen.causeNode}`}
              </>
            )}
          </dd>
          {flow.stream && (
            <>
              <dt>{t.timeline.predicted}</dt>
              <dd>
                <PredictedStream predicted={flow.stream.predicted} />
              </dd>
            </>
          )}
        </dl>
        {attempt && (
          <dl>
            <dt>{t.client}</dt>
            <dd>
              <code>{outcomeText(t.messages, attempt.client)}</code>
            </dd>
            <dt>{t.servedBy}</dt>
            <dd>{attempt.servedBy ?? t.noServer}</dd>
            <dt>{t.sourceSeen}</dt>
            <dd>{attempt.sourceSeen ? <code>{attempt.sourceSeen}</code> : t.nothing}</dd>
          </dl>
        )}
      </div>
      {explained.map((message, i) => (
        <p key={i} class={i === 0 ? 'detail' : 'reason'}>
          {say(t.messages, message)}
        </p>
      ))}
      <UsualFix flow={flow} />
      {flow.attempts.length > 1 && <AttemptPicker flow={flow} shown={attempt} />}
      {attempt && <CallNote flow={flow} variant={variant} attempt={attempt} />}
      <nav class="tabs" aria-label={flow.name}>
        {TABS.map((tab, i) => (
          <a key={tab} href={toFragment({ ...state, tab })} aria-current={state.tab === tab ? 'true' : undefined}>
            {t.tabs[tab]}{' '}
            <kbd class="wide-only" aria-hidden="true">
              {i + 1}
            </kbd>
          </a>
        ))}
      </nav>
      {state.tab === 'path' && <PathTab {...view} attempt={attempt} />}
      {state.tab === 'ladder' && <LadderTab {...view} attempt={attempt} />}
      {state.tab === 'table' && <TableTab {...view} attempt={attempt} />}
      {state.tab === 'why' && <WhyTab {...view} attempt={attempt} />}
      {state.tab === 'compare' && <CompareTab {...view} />}
    </section>
  );
}

/** The smallest changes that would make a failed flow work; the linked tab shows them as YAML. */
function UsualFix({ flow }: { flow: PageFlow }) {
  const { state, t } = usePage();
  const helps = flow.counterfactuals.filter(({ proven }) => proven !== false).slice(0, 2);
  if (helps.length === 0) return null;
  return (
    <p class="fixes">
      <b>{t.counterfactuals}:</b>{' '}
      <a href={toFragment({ ...state, tab: 'why' })}>
        {helps.map(({ fixes }) => fixesText(t.messages, fixes)).join(' · ')}
      </a>
    </p>
  );
}
