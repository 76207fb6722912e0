import { countVerdicts } from '../../content/cells.ts';
import { fixesText, say } from '../../messages/catalogue.ts';
import { VerdictMark } from '../components/badge.tsx';
import { cellLink, usePage } from '../state/context.ts';
import { causeOf, type Cell, groupBy } from '../state/filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { Limited } from '../components/limited.tsx';
import { inUtc } from '../components/in-utc.ts';
import { toFragment } from '../state/route.ts';
import { ScenarioCard } from './scenario-card.tsx';
import type { Strings } from '../strings/en.ts';

/** Totals, failures by cause, and all scenarios. */
export function Overview() {
  const { index, cells, shown, state, t } = usePage();
  const failures = shown.filter(({ flow }) => flow.verdict !== 'pass');
  const blocked = shown.filter(({ flow }) => flow.verdict === 'pass' && flow.outcome === 'fails');
  const scenarios = groupBy(shown, ({ scenario }) => scenario.name);
  const filtered = shown.length !== cells.length;
  return (
    <>
      <Totals />
      <FilterBar />
      <section aria-labelledby="failures">
        <h2 id="failures">{t.failures}</h2>
        {failures.length === 0 && (
          <p class="calm">{filtered && shown.length === 0 ? t.nothingMatches : t.noFailures}</p>
        )}
        {[...groupBy(failures, ({ flow }) => causeOf(flow))].map(([cause, group]) => (
          <CauseGroup key={cause} cause={cause} group={group} />
        ))}
      </section>
      {blocked.length > 0 && (
        <section aria-labelledby="blocked">
          <h2 id="blocked">{t.blocked}</h2>
          {[...groupBy(blocked, ({ flow }) => causeOf(flow))].map(([cause, group]) => (
            <details key={cause} class="group">
              <summary>
                <code class="cause">{cause}</code> <span class="count">{group.length}</span>
                <span class="story">{causeStory(cause, t)}</span>
              </summary>
              <CellList cells={group} />
            </details>
          ))}
        </section>
      )}
      <section aria-labelledby="scenarios">
        <h2 id="scenarios">{t.scenarios}</h2>
        <div class="cards">
          <Limited
            items={index.scenarios.filter(({ name }) => scenarios.has(name))}
            limit={60}
            render={(scenario) => (
              <ScenarioCard
                key={scenario.name}
                scenario={scenario}
                link={toFragment({ ...state, view: 'scenario', scenario: scenario.name, variant: null, flow: null })}
              />
            )}
          />
        </div>
      </section>
    </>
  );
}

function Totals() {
  const { index, cells, t } = usePage();
  const count = countVerdicts(cells.map(({ flow }) => flow));
  const verdicts = (['fail', 'not-run', 'pass'] as const).filter((v) => count[v] > 0 || v === 'pass');
  return (
    <section class="totals" aria-label={t.overview}>
      <h1>
        {verdicts.map((verdict) => (
          <span key={verdict} class={`total ${verdict}`}>
            <VerdictMark verdict={verdict} /> {count[verdict]} <small>{t.verdicts[verdict]}</small>
          </span>
        ))}
      </h1>
      <div class="proportion" aria-hidden="true">
        {verdicts.map((verdict) => (
          <i key={verdict} class={verdict} style={{ flexGrow: count[verdict] }} />
        ))}
      </div>
      <p class="scope">
        {t.totals(cells.length, index.scenarios.length, (index.durationMs / 1000).toFixed(1))}
        <span> · {index.environment.engine}</span>
        <span> · Linux {index.environment.kernel}</span>
        <span>
          {' '}
          · <time dateTime={index.startedAt}>{inUtc(index.startedAt)}</time>
        </span>
      </p>
    </section>
  );
}

function CauseGroup({ cause, group }: { cause: string; group: Cell[] }) {
  const { t } = usePage();
  return (
    <div class={`group failed ${cause === 'not-run' ? 'not-run' : ''}`}>
      <h3>
        <code class="cause">{cause}</code> <span class="count">{group.length}</span>
        <span class="story">{causeStory(cause, t)}</span>
      </h3>
      <CellList cells={group} />
    </div>
  );
}

function CellList({ cells }: { cells: Cell[] }) {
  const { state, t } = usePage();
  return (
    <ul class="cells">
      <Limited
        items={cells}
        limit={50}
        render={(cell) => (
          <li key={`${cell.scenario.name}/${cell.variant.name}/${cell.flow.name}`}>
            <a href={cellLink(state, cell)}>
              <VerdictMark verdict={cell.flow.verdict} />
              <span class="line">
                <b>
                  {cell.flow.from} → {cell.flow.to}:
                </b>{' '}
                {cell.flow.outcomeGroups.length > 0
                  ? t.messages.outcomeGroups(cell.flow.outcomeGroups)
                  : cell.flow.message && say(t.messages, cell.flow.message)}{' '}
                {cell.flow.causeNode && <small>@ {cell.flow.causeNode}</small>}
              </span>
              {cell.flow.fixes !== null && (
                <span class="fixes">
                  {t.counterfactuals}: {fixesText(t.messages, cell.flow.fixes)}
                </span>
              )}
              <span class="where">
                {cell.scenario.name} › {cell.variant.name} › {cell.flow.name}
              </span>
            </a>
          </li>
        )}
      />
    </ul>
  );
}

function causeStory(cause: string, { messages: { causes, findings }, verdictHints, variesHint }: Strings): string {
  if (cause === 'varies') return variesHint;
  if (cause === 'not-run') return verdictHints['not-run'];
  if (Object.hasOwn(causes, cause)) return causes[cause as keyof typeof causes].story;
  return Object.hasOwn(findings, cause) ? findings[cause as keyof typeof findings] : '';
}
