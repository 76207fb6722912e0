import { useMemo } from 'preact/hooks';
import type { PageAttempt } from '../../content/page-details.ts';
import { macOwners } from '../../content/mac-owners.ts';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';
import { TopologyDrawing } from '../topology/drawing.tsx';
import { lanesOf } from '../topology/lanes.ts';
import { peersOf } from '../../content/peers.ts';
import { predictionFor } from '../topology/prediction.ts';
import { AnswerNote } from './table.tsx';
import { StepButtons, StepList } from './steps.tsx';
import { useStepper } from './use-stepper.ts';

/** Topology with the path drawn on it, and the same path as a list to step through. */
export function PathTab({ variant, flow, attempt }: FlowView & { attempt: PageAttempt | null }) {
  const { t } = usePage();
  const lanes = useMemo(
    () => lanesOf(attempt?.observed ?? null, predictionFor(flow, attempt), peersOf(variant.plan)),
    [variant, flow, attempt],
  );
  const ownerOf = useMemo(() => macOwners(variant.plan), [variant]);
  const stepper = useStepper(lanes.filter(({ number }) => number !== null).length);
  const current = lanes.find(({ number }) => number !== null && number === stepper.step);
  const cause = attempt?.cause ?? null;
  return (
    <div class="path-view">
      <div class="path-drawing">
        <TopologyDrawing
          plan={variant.plan}
          lanes={lanes}
          step={stepper.step}
          title={t.pathTitle(`${flow.from} → ${flow.to}`)}
          mark={cause ? { node: cause.node, label: cause.code } : null}
        >
          <ul class="legend">
            {(['request', 'reply', 'predicted'] as const).map((kind) => (
              <li key={kind}>
                <i class={kind} /> {t[kind]}
              </li>
            ))}
          </ul>
          {variant.plan.links.some(({ vlan }) => vlan !== undefined) && <p class="note">{t.wireForEachVlan}</p>}
        </TopologyDrawing>
        <p class="hidden" aria-live="polite">
          {current && `${stepper.step}: ${current.from} → ${current.to}`}
        </p>
      </div>
      <div class="path-steps">
        <StepButtons {...stepper} />
        {attempt && <AnswerNote walk={attempt.observed} />}
        <EmptyNotes flow={flow} attempt={attempt} />
        <StepList lanes={lanes} stepper={stepper} ownerOf={ownerOf} />
      </div>
    </div>
  );
}

function EmptyNotes({ flow, attempt }: Pick<FlowView, 'flow'> & { attempt: PageAttempt | null }) {
  const { t } = usePage();
  if (!attempt) return <p class="note">{t.notRun}</p>;
  if (attempt.findings.some(({ code }) => code === 'answered-by-itself'))
    return <p class="note">{t.answeredByItself(flow.from)}</p>;
  const { question } = attempt.observed;
  if (attempt.observed.request.length === 0)
    return <p class="note">{question && question.ageS === undefined ? t.notCalled : t.noPackets}</p>;
  if (attempt.observed.reply.length === 0) return <p class="note">{t.noReply}</p>;
  return null;
}
