import { useEffect, useRef } from 'preact/hooks';
import type { MacOwner } from '../../content/mac-owners.ts';
import { toneOf } from '../../content/directions.ts';
import { usePage } from '../state/context.ts';
import { CrossingLine } from '../components/crossing-line.tsx';
import type { Lane } from '../topology/lanes.ts';
import type { Stepper } from './use-stepper.ts';

/** Buttons of a stepper. */
export function StepButtons({ step, last, playing, stepTo, stepBy, togglePlay }: Stepper) {
  const { t } = usePage();
  return (
    <div class="stepper" role="group" aria-label={t.steps}>
      <button type="button" onClick={() => stepBy(-1)} disabled={step === 0} aria-label={t.previous}>
        ←
      </button>
      <button type="button" onClick={togglePlay} disabled={last === 0}>
        {playing ? `❚❚ ${t.pause}` : `▶ ${t.play}`}
      </button>
      <button type="button" onClick={() => stepBy(1)} disabled={step >= last} aria-label={t.next}>
        →
      </button>
      <button type="button" onClick={() => stepTo(0)} aria-pressed={step === 0}>
        {t.wholePath}
      </button>
    </div>
  );
}

/** The path as a list, including crossings that were predicted but not observed. */
export function StepList({ lanes, stepper, ownerOf }: { lanes: Lane[]; stepper: Stepper; ownerOf: MacOwner }) {
  const { t } = usePage();
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (stepper.step > 0) list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [stepper.step]);
  return (
    <ol class="steps" ref={list}>
      {lanes.flatMap((lane, i) => [
        <Step key={i} lane={lane} stepper={stepper} ownerOf={ownerOf} />,
        ...(lane.fold
          ? [
              <li key={`fold ${i}`} class="unseen">
                {t.fold(lane.fold)}
              </li>,
            ]
          : []),
      ])}
    </ol>
  );
}

function Step({ lane, stepper, ownerOf }: { lane: Lane; stepper: Stepper; ownerOf: MacOwner }) {
  const { t } = usePage();
  const { observed, number } = lane;
  const differs = lane.differs && <strong class="difference">≠ {t.differsHere}</strong>;
  if (!observed || number === null) {
    return (
      <li class="unseen">
        {differs}
        <span class="who">
          {lane.from} → {lane.to}
        </span>{' '}
        <small>{t.predictedOnly}</small>
      </li>
    );
  }
  return (
    <li class={toneOf(lane.direction)}>
      {differs}
      <button
        type="button"
        onClick={() => stepper.stepTo(number)}
        aria-current={stepper.step === number ? 'step' : undefined}
      >
        <CrossingLine number={number} direction={lane.direction} crossing={observed} ownerOf={ownerOf} />
      </button>
    </li>
  );
}
