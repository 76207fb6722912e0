import { examplesIn, type PageVariant } from '../../content/page-details.ts';
import type { PageState } from '../state/route.ts';

/** A call of a stream in a variant; `call` counts from 0. */
export interface Picked {
  variant: string;
  stream: string;
  call: number;
}

/** The variant that is shown, and the one it is compared with. */
export interface Compared {
  variant: string;
  against: string | null;
}

/** State change that opens a cell of a variant and keeps both compared variants. */
export function chosenCell({ variant, flow }: { variant: string; flow: string }, now: Compared): Partial<PageState> {
  const against = now.against === variant ? now.variant : now.against;
  return { variant, flow, against, attempt: 0, call: 0, step: 0 };
}

/** The call selected by the state; null if none of this variant is. */
export function pickedIn({ flow, call }: Pick<PageState, 'flow' | 'call'>, variant: PageVariant): Picked | null {
  const stream = variant.flows.find(({ name }) => name === flow)?.stream?.stream;
  const calls = variant.timeline?.streams.find(({ name }) => name === stream)?.calls.length ?? 0;
  if (stream === undefined || call === 0 || call > calls) return null;
  return { variant: variant.name, stream, call: call - 1 };
}

/** State change that selects a call: its cell, and the attempt that is its example. */
export function chosenCall({ stream: name, call }: Picked, variant: PageVariant, now: Compared): Partial<PageState> {
  for (const flow of variant.flows) {
    const found = variant.timeline && examplesIn(variant.timeline, flow);
    const chosen = found?.stream.name === name ? found.stream.calls[call] : undefined;
    if (!found || chosen?.step !== found.step) continue;
    const attempt = found.numbers.indexOf(chosen.example) + 1;
    return { ...chosenCell({ variant: variant.name, flow: flow.name }, now), attempt, call: call + 1 };
  }
  return {};
}
