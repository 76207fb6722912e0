import { usePage } from '../state/context.ts';
import { FlowPanel } from './flow-panel.tsx';
import { Matrix } from './matrix.tsx';
import { TimelineSection } from '../timeline/section.tsx';
import { TopologyDrawing } from '../topology/drawing.tsx';
import { useVariant } from '../state/use-variant.ts';

/** A scenario: its matrix, with the topology or the selected flow below. */
export function ScenarioView() {
  const { index, state, t } = usePage();
  const s = index.scenarios.findIndex(({ name }) => name === state.scenario);
  const scenario = index.scenarios[s];
  const named = scenario?.variants.findIndex(({ name }) => name === state.variant) ?? -1;
  const v = Math.max(0, named);
  const variant = useVariant(s, v);
  const chosen = scenario?.variants[v];
  if (!scenario || !chosen) return <h1>{t.noSuchScenario(state.scenario ?? '')}</h1>;
  const flow = variant?.flows.find(({ name }) => name === state.flow);
  return (
    <>
      <header class="title">
        <h1>{scenario.title}</h1>
        <p class="lead">{scenario.description}</p>
        <p class="facts">
          <span class="chip">{scenario.lab}</span> <code>{scenario.file}</code>
        </p>
        {scenario.sources.length > 0 && (
          <details class="sources">
            <summary>{t.sources}</summary>
            <ul>
              {scenario.sources.map(({ document, passage, settles }, i) => (
                <li key={i}>
                  {settles}{' '}
                  <cite>
                    {document}: {passage}
                  </cite>
                </li>
              ))}
            </ul>
          </details>
        )}
      </header>
      <Matrix scenario={scenario} />
      {!variant && <p class="calm reading">{t.loading}</p>}
      {variant?.timeline && <TimelineSection key={scenario.name} scenario={scenario} variant={variant} />}
      {variant && flow && (
        <FlowPanel key={`${variant.name}/${flow.name}`} scenario={scenario} variant={variant} flow={flow} />
      )}
      {variant && !flow && (
        <section class="panel" aria-labelledby="topology">
          <h2 id="topology">
            {t.topologyTitle(scenario.lab)}: {chosen.title}
          </h2>
          <TopologyDrawing plan={variant.plan} lanes={[]} step={0} title={t.topologyTitle(scenario.lab)} mark={null} />
          {chosen.change && (
            <>
              <h3>{t.change}</h3>
              <pre>{chosen.change}</pre>
            </>
          )}
          <p class="calm">{t.chooseCell}</p>
        </section>
      )}
    </>
  );
}
