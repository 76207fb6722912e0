import { useEffect, useMemo, useState } from 'preact/hooks';
import type { PageAttempt } from '../../page-variant.ts';
import { addressText } from '../../walk-text.ts';
import { usePage } from '../context.ts';
import type { FlowView } from '../flow-panel.tsx';
import { changesOf, hopOf } from '../topology/crossing.ts';
import { TopologyDrawing } from '../topology/drawing.tsx';
import { type Lane, lanesOf } from '../topology/lanes.ts';
import { peersOf } from '../topology/peers.ts';
import { predictionFor } from '../topology/prediction.ts';

const STEP_MS = 1100;

/** Topology with the way drawn on it, and the same way as a list to step through. */
export function WayTab({ variant, flow, attempt }: FlowView & { attempt: PageAttempt | null }) {
  const { state, go, t } = usePage();
  const prediction = predictionFor(flow, attempt);
  const lanes = useMemo(
    () => lanesOf(attempt?.observed ?? { request: [], reply: [] }, prediction, peersOf(variant.plan)),
    [variant, flow, attempt],
  );
  const seen = lanes.filter((lane) => lane.number !== null);
  const step = Math.min(state.step, seen.length);
  const [playing, setPlaying] = useState(false);
  const stepTo = (next: number) => go({ step: Math.max(0, Math.min(seen.length, next)) }, true);
  useEffect(() => {
    if (!playing) return;
    if (step >= seen.length) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => stepTo(step + 1), step === 0 ? 0 : STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, step]);
  const togglePlay = () => {
    if (!playing && step >= seen.length) stepTo(0);
    setPlaying(!playing);
  };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || target.closest('input, select, textarea, dialog[open], table.matrix')) return;
      if (event.key === 'ArrowRight') stepTo(step + 1);
      else if (event.key === 'ArrowLeft') stepTo(step - 1);
      else if (event.key === ' ' && !target.closest('button, a, summary')) togglePlay();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
  const cause = attempt?.cause ?? flow.cause;
  return (
    <div class="way">
      <div class="way-drawing">
        <TopologyDrawing
          plan={variant.plan}
          lanes={lanes}
          step={step}
          title={t.wayTitle(`${flow.from} → ${flow.to}`)}
          mark={cause ? { node: cause.node, label: cause.code } : null}
        />
        <Legend lanes={lanes} />
      </div>
      <div class="way-steps">
        <div class="stepper" role="group" aria-label={t.steps}>
          <button type="button" onClick={() => stepTo(step - 1)} disabled={step === 0} aria-label={t.previous}>
            ←
          </button>
          <button type="button" onClick={togglePlay} disabled={seen.length === 0}>
            {playing ? `❚❚ ${t.pause}` : `▶ ${t.play}`}
          </button>
          <button type="button" onClick={() => stepTo(step + 1)} disabled={step >= seen.length} aria-label={t.next}>
            →
          </button>
          <button type="button" onClick={() => stepTo(0)} aria-pressed={step === 0}>
            {t.wholeWay}
          </button>
        </div>
        <EmptyNotes flow={flow} attempt={attempt} />
        <ol class="steps">
          {lanes.map((lane, i) => (
            <Step key={i} lane={lane} current={step > 0 && lane.number === step} onChoose={stepTo} />
          ))}
        </ol>
      </div>
    </div>
  );
}

function EmptyNotes({ flow, attempt }: Pick<FlowView, 'flow'> & { attempt: PageAttempt | null }) {
  const { t } = usePage();
  if (!attempt) return <p class="calm">{t.notRun}</p>;
  if (attempt.findings.includes('answered-by-itself')) return <p class="note">{t.answeredByItself(flow.from)}</p>;
  if (attempt.observed.request.length === 0) return <p class="note">{t.noPackets}</p>;
  if (attempt.observed.reply.length === 0) return <p class="note">{t.noReply}</p>;
  return null;
}

function Step({ lane, current, onChoose }: { lane: Lane; current: boolean; onChoose: (step: number) => void }) {
  const { t } = usePage();
  const crossing = lane.observed;
  if (!crossing || lane.number === null) {
    return (
      <li class="unseen">
        {lane.parts && <strong class="parts">≠ {t.partsHere}</strong>}
        <span class="who">
          {lane.from} → {lane.to}
        </span>{' '}
        <small>{t.predictedOnly}</small>
      </li>
    );
  }
  const hop = hopOf(crossing);
  const number = lane.number;
  return (
    <li class={lane.direction}>
      {lane.parts && <strong class="parts">≠ {t.partsHere}</strong>}
      <button type="button" onClick={() => onChoose(number)} aria-current={current ? 'step' : undefined}>
        <span class="number">{number}</span>
        <span class="who">
          {lane.from} → {lane.to}
        </span>
        <span class="direction">{lane.direction === 'request' ? t.request : t.reply}</span>
        <span class="pair">
          {addressText(hop.src)} → {addressText(hop.dst)}
        </span>
        {changesOf(crossing).map(({ field, from, to }, i) => (
          <span key={i} class="change">
            {field} {from} → <b>{to}</b>
          </span>
        ))}
        {!crossing.in && <strong class="lost">✗ {t.lost}</strong>}
      </button>
    </li>
  );
}

function Legend({ lanes }: { lanes: Lane[] }) {
  const { t } = usePage();
  if (lanes.length === 0) return null;
  return (
    <ul class="legend">
      <li>
        <i class="request" /> {t.request}
      </li>
      <li>
        <i class="reply" /> {t.reply}
      </li>
      <li>
        <i class="predicted" /> {t.predicted}
      </li>
    </ul>
  );
}
