import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../state/context.ts';

const STEP_MS = 1100;

/** Stepping through `last` crossings: the current one, and functions to move by button, key or automatically. */
export interface Stepper {
  /** From 1; 0 is the whole path. */
  step: number;
  last: number;
  playing: boolean;
  stepTo: (step: number) => void;
  stepBy: (steps: 1 | -1) => void;
  togglePlay: () => void;
}

/** A stepper whose position is in the fragment; arrow keys move it, the space bar plays. */
export function useStepper(last: number): Stepper {
  const { state, go } = usePage();
  const [playing, setPlaying] = useState(false);
  const step = Math.min(state.step, last);
  const stepTo = (next: number) => go({ step: next }, true);
  const stepBy = (by: number) =>
    go((now) => ({ step: Math.max(0, Math.min(last, Math.min(last, now.step) + by)) }), true);
  const togglePlay = () => {
    if (!playing && step >= last) stepTo(0);
    setPlaying(!playing && last > 0);
  };
  useEffect(() => {
    if (!playing) return;
    if (step >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => stepBy(1), step === 0 ? 0 : STEP_MS);
    return () => clearTimeout(timer);
  }, [playing, step]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const busy = target.closest('input, select, textarea, dialog[open], [data-own-arrows], button, a, summary');
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (busy && (event.key === ' ' || !busy.matches('button, a, summary'))) return;
      if (event.key === 'ArrowRight') stepBy(1);
      else if (event.key === 'ArrowLeft') stepBy(-1);
      else if (event.key === ' ') togglePlay();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
  return { step, last, playing, stepTo, stepBy, togglePlay };
}
