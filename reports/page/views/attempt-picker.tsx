import type { PageAttempt, PageFlow } from '../../content/page-details.ts';
import { outcomeGroupsOf } from '../../content/seen.ts';
import { usePage } from '../state/context.ts';
import { toFragment } from '../state/route.ts';

/** Maximum number of attempts that are listed separately. */
const MAX_LISTED = 12;

/** Selects the attempt to show: from all if they are few, else from the distinct outcomes and a list. */
export function AttemptPicker({ flow, shown }: { flow: PageFlow; shown: PageAttempt | null }) {
  const { state, go, t } = usePage();
  const { attempts } = flow;
  const went = ({ outcome }: Pick<PageAttempt, 'outcome'>) => (outcome === 'works' ? t.works : t.fails);
  const title = flow.stream ? t.timeline.examples : t.attempts;
  const label = (attempt: PageAttempt, number: number) =>
    [
      `${flow.stream ? t.timeline.example(number) : t.attempt(number)}: ${went(attempt)}`,
      flow.stream && (attempt.cause?.code ?? attempt.l4),
      (attempt.picked ?? attempt.servedBy) && `(${attempt.picked ?? attempt.servedBy})`,
      attempt.sentAgainMs !== null && t.sentAgain(Math.round(attempt.sentAgainMs)),
    ]
      .filter(Boolean)
      .join(' ');
  const link = (number: number) => toFragment({ ...state, attempt: number, call: 0, step: 0 });
  if (attempts.length <= MAX_LISTED) {
    return (
      <nav class="attempts" aria-label={title}>
        {attempts.map((attempt, i) => (
          <a key={i} href={link(i + 1)} aria-current={attempt === shown ? 'true' : undefined}>
            {label(attempt, i + 1)}
          </a>
        ))}
      </nav>
    );
  }
  return (
    <nav class="attempts" aria-label={title}>
      {outcomeGroupsOf(flow).map((group, i) => {
        const alike = attempts.filter(
          ({ outcome, cause }) => outcome === group.outcome && (cause?.code ?? null) === group.cause,
        );
        return (
          <a
            key={i}
            href={link(attempts.indexOf(alike[0]!) + 1)}
            aria-current={shown !== null && alike.includes(shown) ? 'true' : undefined}
          >
            {t.nAttempts(alike.length)}: {t.messages.outcomeGroups([group])}
          </a>
        );
      })}
      <select
        aria-label={title}
        value={shown === null ? 0 : attempts.indexOf(shown) + 1}
        onChange={(event) => go({ attempt: Number(event.currentTarget.value), call: 0, step: 0 })}
      >
        {attempts.map((attempt, i) => (
          <option key={i} value={i + 1}>
            {label(attempt, i + 1)}
          </option>
        ))}
      </select>
    </nav>
  );
}
