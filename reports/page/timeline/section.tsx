import { useMemo } from 'preact/hooks';
import type { PageVariant } from '../../content/page-details.ts';
import type { IndexScenario } from '../../content/page-index.ts';
import { usePage } from '../state/context.ts';
import { useVariant } from '../state/use-variant.ts';
import { callText } from './call-text.ts';
import { TimelineChart } from './chart.tsx';
import { chosenCall, type Picked, pickedIn } from './chosen.ts';
import type { PickCall } from './lane.tsx';
import { MeasuredTable } from './measured-table.tsx';
import { causesIn, neighbouringCall } from './rows.ts';
import { moved, showing, type View, zoomed } from './scale.ts';
import { useSettling } from './use-settling.ts';
import { useWidth } from './use-width.ts';

/** Timeline of the variant that is shown, and, on the same scale, of the one it is compared with. */
export function TimelineSection({ scenario, variant }: { scenario: IndexScenario; variant: PageVariant }) {
  const { index, state, go, t } = usePage();
  const others = scenario.variants.filter(({ name, flows }) => name !== variant.name && flows.some((f) => f.stream));
  const against = others.find(({ name }) => name === state.against);
  const other = useVariant(index.scenarios.indexOf(scenario), against ? scenario.variants.indexOf(against) : -1);
  const compared = { variant: variant.name, against: against?.name ?? null };
  const order = scenario.variants.map(({ name }) => name);
  const shown = (other?.timeline ? [variant, other] : [variant]).sort(
    (a, b) => order.indexOf(a.name) - order.indexOf(b.name),
  );
  const timelines = shown.map(({ timeline }) => timeline!);
  const whole = useMemo(() => wholeOf(timelines), timelines);
  const causes = useMemo(() => causesIn(timelines.flatMap(({ streams }) => streams)), timelines);
  const [box, width] = useWidth();
  const [view, setView] = useSettling<View>(state.span ?? whole, (span) => ({
    span: span.fromMs === whole.fromMs && span.toMs === whole.toMs ? null : rounded(span),
  }));
  const [picked, setPicked] = useSettling<Picked | null>(pickedIn(state, variant), (chosen) => {
    const of = shown.find(({ name }) => name === chosen?.variant);
    return chosen && of ? chosenCall(chosen, of, compared) : {};
  });
  const pick: PickIn = (of, name, next) => {
    const calls = of.timeline?.streams.find((stream) => stream.name === name)?.calls ?? [];
    setPicked((now) => {
      const call = next(now?.variant === of.name && now.stream === name ? now.call : null);
      if (call === null) return now;
      setView((shownNow) => showing(shownNow, calls[call]!.beginMs, whole));
      return { variant: of.name, stream: name, call };
    });
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const factor = { '+': 0.5, '-': 2, '0': Infinity }[event.key];
    if (factor === undefined || (event.target as HTMLElement).matches('select, input')) return;
    event.preventDefault();
    event.stopPropagation();
    setView((now) => nearer(now, factor, whole));
  };
  return (
    <section class="panel timeline-panel" aria-labelledby="timeline" onKeyDown={press}>
      <h2 id="timeline">{t.timeline.title}</h2>
      <div class="timeline-tools">
        <Zoom shown={shown} view={view} whole={whole} onView={setView} />
        {others.length > 0 && (
          <label class="switch">
            {t.compareWith}{' '}
            <select
              value={against?.name ?? ''}
              onChange={(event) => go({ against: event.currentTarget.value || null }, true)}
            >
              <option value="">{t.timeline.nothing}</option>
              {others.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="switch">
          <input type="checkbox" checked={state.all} onChange={() => go({ all: !state.all }, true)} /> {t.timeline.all}
        </label>
      </div>
      <div ref={box} class="timeline-charts">
        {width > 0 &&
          shown.map((one, i) => (
            <div key={one.name}>
              {shown.length > 1 && <h3>{one.title}</h3>}
              <TimelineChart
                variant={one}
                timeline={timelines[i]!}
                view={view}
                whole={whole}
                width={width}
                all={state.all}
                causes={causes}
                compared={compared}
                picked={picked}
                onPick={(...chosen) => pick(one, ...chosen)}
                onView={setView}
              />
            </div>
          ))}
      </div>
      <PickedLine shown={shown} picked={picked} onPick={pick} />
      <MeasuredTable variant={variant} timeline={variant.timeline!} compared={compared} />
    </section>
  );
}

type PickIn = (variant: PageVariant, stream: string, ...next: Parameters<PickCall>) => void;

/** The range multiplied by `factor` around its middle. */
function nearer(view: View, factor: number, whole: View): View {
  return factor === Infinity ? whole : zoomed(view, factor, (view.fromMs + view.toMs) / 2, whole);
}

function wholeOf(timelines: NonNullable<PageVariant['timeline']>[]): View {
  return { fromMs: 0, toMs: Math.max(1, ...timelines.flatMap(({ steps }) => steps.map(({ endMs }) => endMs))) };
}

function rounded({ fromMs, toMs }: View): View {
  return { fromMs: Math.round(fromMs * 10) / 10, toMs: Math.round(toMs * 10) / 10 };
}

interface ZoomProps {
  shown: PageVariant[];
  view: View;
  whole: View;
  onView: (next: (now: View) => View) => void;
}

/** Buttons: all, one step, zoom in, zoom out, earlier, later. */
function Zoom({ shown, view, whole, onView }: ZoomProps) {
  const { t } = usePage();
  const by = (quarters: number) => (now: View) => moved(now, ((now.toMs - now.fromMs) * quarters) / 4, whole);
  const isAll = view.fromMs <= whole.fromMs && view.toMs >= whole.toMs;
  const steps = shown.flatMap(({ timeline }) => timeline!.steps);
  const names = [...new Map(steps.map(({ name, title }) => [name, title]))];
  return (
    <div class="zoom" role="group" aria-label={t.timeline.shown}>
      <button type="button" aria-pressed={isAll} onClick={() => onView(() => whole)}>
        {t.timeline.whole}
      </button>
      {names.map(([name, title], i) => {
        const same = steps.filter((step) => step.name === name);
        const fromMs = Math.min(...same.map(({ beginMs }) => beginMs));
        const toMs = Math.max(...same.map(({ endMs }) => endMs));
        const isShown = Math.abs(view.fromMs - fromMs) < 0.1 && Math.abs(view.toMs - toMs) < 0.1;
        return (
          <button key={name} type="button" aria-pressed={isShown} onClick={() => onView(() => ({ fromMs, toMs }))}>
            {i + 1} {title}
          </button>
        );
      })}
      <button type="button" aria-label={t.timeline.in} onClick={() => onView((now) => nearer(now, 0.5, whole))}>
        +
      </button>
      <button
        type="button"
        aria-label={t.timeline.out}
        disabled={isAll}
        onClick={() => onView((now) => nearer(now, 2, whole))}
      >
        −
      </button>
      <button
        type="button"
        aria-label={t.timeline.earlier}
        disabled={view.fromMs <= whole.fromMs}
        onClick={() => onView(by(-1))}
      >
        ←
      </button>
      <button
        type="button"
        aria-label={t.timeline.later}
        disabled={view.toMs >= whole.toMs}
        onClick={() => onView(by(1))}
      >
        →
      </button>
    </div>
  );
}

interface PickedLineProps {
  shown: PageVariant[];
  picked: Picked | null;
  onPick: PickIn;
}

/** Outcome of the selected call, and buttons for the calls next to it. */
function PickedLine({ shown, picked, onPick }: PickedLineProps) {
  const { t } = usePage();
  const variant = shown.find(({ name }) => name === picked?.variant);
  const timeline = variant?.timeline;
  const stream = timeline?.streams.find(({ name }) => name === picked?.stream);
  if (!picked || !variant || !timeline || !stream) return <p class="calm picked-line">{t.timeline.hint}</p>;
  const step = (by: 1 | -1, failed: boolean) => () =>
    onPick(variant, stream.name, (from) => neighbouringCall(stream.calls, from, by, failed));
  return (
    <p class="row picked-line">
      <span class="zoom" role="group" aria-label={t.timeline.calls}>
        <button type="button" aria-label={t.timeline.previousCall} onClick={step(-1, false)}>
          ←
        </button>
        <button type="button" aria-label={t.timeline.nextCall} onClick={step(1, false)}>
          →
        </button>
        <button type="button" onClick={step(-1, true)}>
          ← {t.timeline.failed}
        </button>
        <button type="button" onClick={step(1, true)}>
          {t.timeline.failed} →
        </button>
      </span>
      <span>
        {shown.length > 1 && <b>{variant.title} · </b>}
        {callText(t, stream, timeline.steps, picked.call)}
      </span>
    </p>
  );
}
