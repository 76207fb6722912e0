import { examplesIn, type PageAttempt } from '../../content/page-details.ts';
import { usePage } from '../state/context.ts';
import type { FlowView } from '../state/flow-view.ts';

/** States whose packets are shown: the selected call's, or those of a similar one. Empty for other flows. */
export function CallNote({ flow, variant, attempt }: Pick<FlowView, 'flow' | 'variant'> & { attempt: PageAttempt }) {
  const { state, t } = usePage();
  const found = variant.timeline && examplesIn(variant.timeline, flow);
  if (!found) return null;
  const { calls } = found.stream;
  const example = found.numbers[flow.attempts.indexOf(attempt)];
  // Only the first call of a kind has its packets in the results.
  const like = calls.findIndex((call) => call.example === example) + 1;
  const alike = calls.filter((call) => call.step === found.step && call.example === example).length;
  const chosen = calls[state.call - 1]?.example === example ? state.call : 0;
  return (
    <p class="note">
      {chosen === 0
        ? t.timeline.kindOf(like, alike)
        : chosen === like
          ? t.timeline.ownPackets(like)
          : t.timeline.otherPackets(chosen, like)}
    </p>
  );
}
