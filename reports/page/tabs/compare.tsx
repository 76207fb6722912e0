import type { PageAttempt, PageFlow, PageVariant } from '../../content/page-details.ts';
import type { Leg } from '../../../harness/terms/reason.ts';
import { directionsOf, toneOf } from '../../content/directions.ts';
import { say } from '../../messages/catalogue.ts';
import { Outcome, VerdictMark } from '../components/badge.tsx';
import { macOwners } from '../../content/mac-owners.ts';
import { usePage } from '../state/context.ts';
import { CrossingLine } from '../components/crossing-line.tsx';
import type { FlowView } from '../state/flow-view.ts';
import { seenOf } from '../../content/seen.ts';
import { type Crossing, crossings, hopOf, linkOf, lookOf } from '../../content/crossing.ts';
import { foldLoops } from '../../content/loops.ts';
import { counterpart, shownAttempt } from '../state/shown-attempt.ts';
import { peersOf } from '../../content/peers.ts';
import { useVariant } from '../state/use-variant.ts';

/** One flow in two variants, side by side, with the first difference marked. */
export function CompareTab({ scenario, variant, flow }: FlowView) {
  const { index, state, go, t } = usePage();
  const others = scenario.variants.filter(
    (v) => v.name !== variant.name && v.flows.some(({ name }) => name === flow.name),
  );
  const { outcome } = seenOf(flow);
  const opposite = others.find((v) => v.flows.some((f) => f.name === flow.name && f.outcome !== outcome));
  const against = others.find(({ name }) => name === state.against) ?? opposite ?? others[0];
  const other = useVariant(index.scenarios.indexOf(scenario), against ? scenario.variants.indexOf(against) : -1);
  const otherFlow = other?.flows.find(({ name }) => name === flow.name);
  if (!against) return <p class="calm">{t.noOther}</p>;
  const attempt = shownAttempt(flow, state.attempt);
  const mine = sides(variant, attempt);
  const theirs = other && otherFlow ? sides(other, counterpart(attempt, otherFlow)) : [];
  const differs = firstDifference(mine, theirs);
  return (
    <>
      <label class="switch">
        {t.compareWith}{' '}
        <select value={against.name} onChange={(event) => go({ against: event.currentTarget.value }, true)}>
          {others.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {differs === -1 && other && <p class="calm">{t.samePath}</p>}
      <div class="compare">
        <Side variant={variant} flow={flow} crossings={mine} differs={differs} />
        {other && otherFlow && <Side variant={other} flow={otherFlow} crossings={theirs} differs={differs} />}
      </div>
    </>
  );
}

interface Step {
  direction: Leg;
  crossing: Crossing;
}

function sides(variant: PageVariant, attempt: PageAttempt | null): Step[] {
  const walk = attempt?.observed ?? { request: [], reply: [] };
  const peerOf = peersOf(variant.plan);
  return directionsOf(walk).flatMap(({ leg, hops }) =>
    crossings(hops, peerOf).map((crossing) => ({ direction: leg, crossing })),
  );
}

/** Index of the first step that differs; -1 if none does. Source ports of the caller always differ: ignored. */
function firstDifference(a: Step[], b: Step[]): number {
  const text = (step: Step | undefined) => {
    if (!step) return '';
    const { src, dst } = hopOf(step.crossing);
    return [
      step.direction,
      step.crossing.from,
      step.crossing.to,
      linkOf(step.crossing),
      src.ip,
      src.mac,
      dst.ip,
      dst.mac,
    ].join(' ');
  };
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => i).find((i) => text(a[i]) !== text(b[i])) ?? -1;
}

function Side({
  variant,
  flow,
  crossings: steps,
  differs,
}: {
  variant: PageVariant;
  flow: PageFlow;
  crossings: Step[];
  differs: number;
}) {
  const { t } = usePage();
  const seen = seenOf(flow);
  const ownerOf = macOwners(variant.plan);
  return (
    <section>
      <h3>
        <VerdictMark verdict={flow.verdict} /> {variant.title}: <Outcome flow={seen} />
      </h3>
      {steps.length === 0 && (
        <p class="note">
          {flow.findings.some(({ code }) => code === 'answered-by-itself')
            ? t.answeredByItself(flow.from)
            : t.noPackets}
        </p>
      )}
      <ol class="steps">
        {foldLoops(steps, ({ direction, crossing }) => {
          const { key, ttl } = lookOf(crossing);
          return { key: [direction, key], ttl };
        }).map(({ step: { direction, crossing }, index, fold }) => {
          const isDifferent = differs >= index && differs < index + (fold?.count ?? 1);
          return (
            <li key={index} class={`${toneOf(direction)} ${isDifferent ? 'differs' : ''}`}>
              {isDifferent && <strong class="difference">≠ {t.firstDifference}</strong>}
              <span class={fold ? 'fold' : 'step'}>
                {fold ? (
                  t.fold(fold)
                ) : (
                  <CrossingLine number={index + 1} direction={direction} crossing={crossing} ownerOf={ownerOf} />
                )}
              </span>
            </li>
          );
        })}
        {differs === steps.length && (
          <li class="differs">
            <strong class="difference">≠ {t.firstDifference}</strong>
            <span class="absent">{t.nothing}</span>
          </li>
        )}
      </ol>
      {flow.cause && seen.outcomeGroups.length === 0 && <p class="detail">{say(t.messages, flow.cause.detail)}</p>}
    </section>
  );
}
