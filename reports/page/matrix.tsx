import type { IndexScenario } from '../content/page-index.ts';
import { Outcome, VerdictMark } from './badge.tsx';
import { cellLink, usePage } from './context.ts';
import { flips, wentHow } from './filter.ts';
import { inUtc } from './in-utc.ts';
import { toFragment } from './route.ts';

/** Flows × variants; a cell says how it went and whether that was expected. Arrow keys move between cells. */
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
        <tbody>
          {scenario.flows.map(({ name, title }) => {
            const flip = flips(scenario, name);
            return (
              <tr key={name} class={flip ? 'flips' : ''}>
                <th scope="row">
                  <span class="flow-title">{title}</span>
                  {title !== name && <code>{name}</code>}
                  {flip && (
                    <span class="flip" title={t.flipsHint}>
                      ⇄ {t.flips}
                    </span>
                  )}
                </th>
                {scenario.variants.map((variant) => {
                  const flow = variant.flows.find((f) => f.name === name);
                  if (!flow) return <td key={variant.name} class="none" />;
                  const open = state.variant === variant.name && state.flow === name;
                  return (
                    <td key={variant.name} class={`${flow.verdict} ${wentHow(flow) ?? ''}`}>
                      <a
                        href={cellLink(state, { scenario, variant, flow }, { tab: state.tab })}
                        aria-current={open ? 'true' : undefined}
                      >
                        <span>
                          {' '}
                          <VerdictMark verdict={flow.verdict} /> <Outcome flow={flow} />
                          {flow.causeNode && <small>@ {flow.causeNode}</small>}
                          {flow.disagrees && (
                            <small class="disagrees" title={t.disagreement}>
                              ≠ {t.predicted}
                            </small>
                          )}
                        </span>{' '}
                      </a>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

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
  const row = (cell.parentElement as HTMLTableRowElement).rowIndex + step[0];
  const next = event.currentTarget.rows[row]?.cells[cell.cellIndex + step[1]]?.querySelector('a');
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}
