import { useState } from 'preact/hooks';
import type { IndexVariant } from '../../content/page-index.ts';
import { usePage } from '../state/context.ts';
import { Limited } from '../components/limited.tsx';
import { useVariant } from '../state/use-variant.ts';

const PHASES = ['bootMs', 'configureMs', 'flowsMs', 'resetMs'] as const;

/** Environment, durations, and the output of nodes and load balancers. */
export function RunView() {
  const { index, t } = usePage();
  const { environment } = index;
  const { trunks, tunnels, ...rest } = environment;
  const facts = {
    ...rest,
    trunks: trunks === undefined ? undefined : t.messages.trunks[trunks],
    tunnels: tunnels === undefined ? undefined : t.messages.tunnels[tunnels],
    startedAt: index.startedAt,
    duration: `${(index.durationMs / 1000).toFixed(1)} s`,
  };
  return (
    <>
      <h1>{t.run}</h1>
      <section class="panel" aria-labelledby="environment">
        <h2 id="environment">{t.environment}</h2>
        <dl class="environment">
          {(Object.keys(t.environmentKeys) as (keyof typeof t.environmentKeys)[])
            .filter((key) => facts[key] !== undefined)
            .map((key) => (
              <div key={key}>
                <dt>{t.environmentKeys[key]}</dt>
                <dd>{facts[key]}</dd>
              </div>
            ))}
          {(environment.engines ?? []).map((engine) => (
            <div key={engine.endpoint}>
              <dt>{engine.endpoint}</dt>
              <dd>{t.messages.engineUse(engine)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Timings />
      <section class="panel" aria-labelledby="logs">
        <h2 id="logs">{t.logs}</h2>
        <Limited
          items={index.scenarios.map((scenario, s) => ({ scenario, s }))}
          limit={60}
          render={({ scenario, s }) => (
            <details key={s}>
              <summary>{scenario.title}</summary>
              {scenario.variants.map((variant, v) => (
                <Logs key={v} title={variant.title} scenario={s} variant={v} />
              ))}
            </details>
          )}
        />
      </section>
    </>
  );
}

function Timings() {
  const { index, t } = usePage();
  const rows = index.scenarios.flatMap((scenario) => scenario.variants.map((variant) => ({ scenario, variant })));
  const [most, setMost] = useState(200);
  const longest = Math.max(1, ...rows.map(({ variant }) => total(variant)));
  return (
    <section class="panel" aria-labelledby="timings">
      <h2 id="timings">{t.timings}</h2>
      <ul class="legend">
        {PHASES.map((phase) => (
          <li key={phase}>
            <i class={phase} /> {t.phases[phase]}
          </li>
        ))}
      </ul>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={`${t.timings}: ${t.variant}`}>
        <table class="timings">
          <thead>
            <tr>
              <th scope="col">{t.variant}</th>
              <th scope="col" class="bars">
                {t.time}
              </th>
              {PHASES.map((phase) => (
                <th key={phase} scope="col">
                  {t.phases[phase]}
                </th>
              ))}
              <th scope="col">{t.total}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map(({ scenario, variant }) => (
              <tr key={`${scenario.name}/${variant.name}`}>
                <th scope="row">
                  {scenario.name} › {variant.name}
                </th>
                <td class="bars" aria-hidden="true">
                  {PHASES.map((phase) => (
                    <i key={phase} class={phase} style={{ width: `${(variant.timings[phase] / longest) * 100}%` }} />
                  ))}
                </td>
                {PHASES.map((phase) => (
                  <td key={phase}>{ms(variant.timings[phase])}</td>
                ))}
                <td>{ms(total(variant))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && (
        <button type="button" class="more" onClick={() => setMost(rows.length)}>
          {t.more(rows.length - most)}
        </button>
      )}
    </section>
  );
}

function Logs({ title, scenario, variant }: { title: string; scenario: number; variant: number }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="inner" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open && <LogContents scenario={scenario} variant={variant} />}
    </details>
  );
}

function LogContents({ scenario, variant: v }: { scenario: number; variant: number }) {
  const { t } = usePage();
  const variant = useVariant(scenario, v);
  if (!variant) return <p class="calm reading">{t.loading}</p>;
  return (
    <>
      {Object.entries(variant.balancers).map(([node, { config, rules, log }]) => (
        <div key={node}>
          <Text title={`${node}: ${t.lbConfig}`} text={config} />
          <Text title={`${node}: ${t.lbRules}`} text={rules} />
          <Text title={`${node}: ${t.lbLog}`} text={log.join('\n')} />
        </div>
      ))}
      {Object.entries(variant.logs).map(([node, lines]) => (
        <Text key={node} title={t.logOf(node)} text={lines.join('\n')} />
      ))}
    </>
  );
}

function Text({ title, text }: { title: string; text: string }) {
  if (!text) return null;
  return (
    <details class="inner">
      <summary>{title}</summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

function total({ timings }: IndexVariant): number {
  return PHASES.reduce((sum, phase) => sum + timings[phase], 0);
}

const ms = (value: number) => (value === 0 ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
