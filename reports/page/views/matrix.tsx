import type { IndexScenario, IndexVariant } from '../../content/page-index.ts';
import { Outcome, StreamOutcome, VerdictMark } from '../components/badge.tsx';
import { cellLink, usePage } from '../state/context.ts';
import { differsByVariant, outcomeOf } from '../state/filter.ts';
import { inUtc } from '../components/in-utc.ts';
import { toFragment } from '../state/route.ts';

/** Flows × variants, streams below their step; a cell shows outcome and verdict. Arrow keys move between cells. */
export function Matrix({ scenario }: { scenario: IndexScenario }) {
  const { state, t } = usePage();
  return (
    <div class="matrix-scroll" tabIndex={0} role="region" aria-label={t.matrix}>
      <table class="matrix" data-own-arrows onKeyDown={moveFocus}>
        <caption class="hidden">{t.matrix}</caption>
        <thead>
          <tr>
            <th scope="col">{t.flow}</th>
            {scenario.variants.map((variant) => (
              <th key={variant.name} scope="col" aria-current={state.variant === variant.name ? 'true' : undefined}>
                <a
                  href={toFragment({
                    ...state,
                    view: 'scenario',
                    scenario: scenario.name,
                    variant: variant.name,
                    flow: null,
                  })}
                >
                  {variant.title}
                </a>
                {variant.ranAt !== null && <small>{t.ranAt(inUtc(variant.ranAt))}</small>}
              </th>
            ))}
          </tr>
        </thead>
        {groupsOf(scenario).map(({ step, rows }) => (
          <tbody key={step?.name ?? ''}>
            {step && (
              <tr class="step">
                <th scope="rowgroup" colSpan={scenario.variants.length + 1}>
                  <span>
                    {scenario.steps.indexOf(step) + 1} {step.title}
                  </span>{' '}
                  {step.actions.length > 0 && (
                    <small>{step.actions.map((action) => t.messages.timeline.action(action)).join(', ')}</small>
                  )}
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <MatrixRow key={row.name} scenario={scenario} row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

type MatrixRowOf = IndexScenario['flows'][number] & { stream: string | null };

/** Rows grouped by step; flows, which belong to no step, come first. */
function groupsOf({
  flows,
  steps,
  variants,
}: IndexScenario): { step: IndexScenario['steps'][number] | null; rows: MatrixRowOf[] }[] {
  const cells = new Map(variants.flatMap((v) => v.flows.map(({ name, stream }) => [name, stream])));
  return [null, ...steps]
    .map((step) => ({
      step,
      rows: flows
        .map((row) => ({ ...row, stream: cells.get(row.name)?.stream ?? null }))
        .filter(({ name }) => (cells.get(name)?.step ?? null) === (step?.name ?? null)),
    }))
    .filter(({ rows }) => rows.length > 0);
}

function MatrixRow({ scenario, row: { name, title, stream } }: { scenario: IndexScenario; row: MatrixRowOf }) {
  const { t } = usePage();
  const differs = differsByVariant(scenario, name);
  return (
    <tr class={differs ? 'differs' : ''}>
      <th scope="row">
        <span class="flow-title">{stream ?? title}</span>
        {stream === null && title !== name && <code>{name}</code>}
        {differs && (
          <span class="differs-note" title={t.differsByVariantHint}>
            ⇄ {t.differsByVariant}
          </span>
        )}
      </th>
      {scenario.variants.map((variant) => (
        <MatrixCell key={variant.name} scenario={scenario} variant={variant} name={name} />
      ))}
    </tr>
  );
}

function MatrixCell({ scenario, variant, name }: { scenario: IndexScenario; variant: IndexVariant; name: string }) {
  const { state, t } = usePage();
  const flow = variant.flows.find((f) => f.name === name);
  if (!flow) return <td class="none" />;
  const open = state.variant === variant.name && state.flow === name;
  const change = { tab: state.tab, ...(flow.stream ? { against: state.against } : {}) };
  return (
    <td class={`${flow.verdict} ${outcomeOf(flow) ?? ''}`}>
      <a href={cellLink(state, { scenario, variant, flow }, change)} aria-current={open ? 'true' : undefined}>
        <span>
          {' '}
          <VerdictMark verdict={flow.verdict} />{' '}
          {flow.stream && flow.verdict !== 'not-run' ? (
            <StreamOutcome summary={flow.stream.summary} />
          ) : (
            <>
              <Outcome flow={flow} />
              {flow.causeNode && <small>@ {flow.causeNode}</small>}
            </>
          )}
          {flow.disagrees && (
            <small class="disagrees" title={t.disagreement}>
              ≠ {t.predicted}
            </small>
          )}
        </span>{' '}
      </a>
    </td>
  );
}

/** Arrow keys move to the next cell in their direction and skip rows without one. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLTableElement }): void {
  const steps: Record<string, [rows: number, columns: number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[event.key];
  const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>('td, th');
  if (!step || !cell) return;
  const { rows } = event.currentTarget;
  const linkAt = (row: number) => rows[row]?.cells[cell.cellIndex + step[1]]?.querySelector('a');
  let row = (cell.parentElement as HTMLTableRowElement).rowIndex + step[0];
  while (step[0] !== 0 && rows[row] && !linkAt(row)) row += step[0];
  const next = linkAt(row);
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
