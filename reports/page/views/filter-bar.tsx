import { useMemo } from 'preact/hooks';
import { usePage } from '../state/context.ts';
import { filterChoices } from '../state/filter.ts';
import { NO_FILTER } from '../state/route.ts';

/** Selects for verdict, cause, mode, lab and node; their values are in the fragment. */
export function FilterBar() {
  const { cells, shown, state, go, t } = usePage();
  const choices = useMemo(() => filterChoices(cells), [cells]);
  const active = Object.values(state.filter).some(Boolean);
  const label = (key: keyof typeof choices, value: string) => {
    if (key === 'verdict') return t.verdicts[value as keyof typeof t.verdicts];
    if (key === 'mode' && value === 'direct') return t.direct;
    if (key === 'cause' && (value === 'works' || value === 'varies')) return t[value];
    return value;
  };
  return (
    <form class="filters" aria-label={t.filters.title} onSubmit={(event) => event.preventDefault()}>
      {(Object.keys(choices) as (keyof typeof choices)[]).map((key) => (
        <label key={key}>
          {t.filters[key]}
          <select
            value={state.filter[key]}
            onChange={(event) => go({ filter: { ...state.filter, [key]: event.currentTarget.value } })}
          >
            <option value="">{t.filters.any}</option>
            {[...choices[key]].map(([value, count]) => (
              <option key={value} value={value}>
                {label(key, value)} ({count})
              </option>
            ))}
          </select>
        </label>
      ))}
      <output>{t.shownOf(shown.length, cells.length)}</output>
      {active && (
        <button type="button" onClick={() => go({ filter: NO_FILTER })}>
          {t.filters.clear}
        </button>
      )}
    </form>
  );
}
