import type { PageTimeline, PageVariant } from '../../content/page-details.ts';
import { VerdictMark } from '../components/badge.tsx';
import { usePage } from '../state/context.ts';
import { toFragment } from '../state/route.ts';
import { PredictedStream } from './predicted-stream.tsx';
import { chosenCell, type Compared } from './chosen.ts';

export interface MeasuredTableProps {
  variant: PageVariant;
  timeline: PageTimeline;
  compared: Compared;
}

/** Measured and predicted values of every stream in every step: the timeline as text. */
export function MeasuredTable({ variant, timeline, compared }: MeasuredTableProps) {
  const { state, t } = usePage();
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={t.timeline.measuredTitle}>
      <table class="measured">
        <caption class="hidden">{t.timeline.measuredTitle}</caption>
        <thead>
          <tr>
            <th scope="col">{t.timeline.stream}</th>
            <th scope="col">{t.timeline.measured}</th>
            <th scope="col">{t.timeline.predicted}</th>
          </tr>
        </thead>
        {timeline.steps.map((step, i) => {
          const cells = variant.flows.filter(({ stream }) => stream?.step === step.name);
          const actions = step.actions.map(({ action }) => t.messages.timeline.action(action)).join(', ');
          return (
            <tbody key={step.name}>
              <tr>
                <th class="step" colSpan={3} scope="rowgroup">
                  {i + 1} {step.title}
                  {actions !== '' && <small> {actions}</small>}
                </th>
              </tr>
              {cells.map((flow) => {
                const { stream, summary, predicted } = flow.stream!;
                return (
                  <tr key={flow.name}>
                    <th scope="row">
                      <VerdictMark verdict={flow.verdict} />{' '}
                      <a
                        href={toFragment({
                          ...state,
                          ...chosenCell({ variant: variant.name, flow: flow.name }, compared),
                        })}
                      >
                        {stream}
                      </a>
                    </th>
                    <td>{t.messages.timeline.seen(summary)}</td>
                    <td data-head={t.timeline.predicted}>
                      <PredictedStream predicted={predicted} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}
