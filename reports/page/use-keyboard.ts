import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Cell } from './filter.ts';
import type { Page } from './context.ts';
import { TABS } from './route.ts';

/** Keys that work anywhere on the page; those of a single view are bound there. */
export function useKeyboard(page: Page, lang: 'en' | 'ko', help: RefObject<HTMLDialogElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || help.current?.open) return;
      const target = event.target as HTMLElement;
      if (target.matches('input, select, textarea')) {
        if (event.key === 'Escape') target.blur();
        return;
      }
      if (act(event.key, page, lang, help)) event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
}

/** Does what the key stands for; false where it stands for nothing. */
function act(
  key: string,
  { state, shown, go }: Page,
  lang: 'en' | 'ko',
  help: RefObject<HTMLDialogElement | null>,
): boolean {
  const tab = state.flow === null ? undefined : TABS[Number(key) - 1];
  if (tab) go({ tab });
  else if (key === 'n' || key === 'p') openFailure(key === 'n' ? 1 : -1, { state, shown, go });
  else if (key === '/') document.querySelector<HTMLInputElement>('#search')?.focus();
  else if (key === 'o') go({ view: 'overview' });
  else if (key === 'r') go({ view: 'run' });
  else if (key === 't') go({ theme: nextTheme(state.theme) }, true);
  else if (key === 'l') go({ lang: lang === 'en' ? 'ko' : 'en' }, true);
  else if (key === '?') help.current?.showModal();
  else return false;
  return true;
}

/** The theme that the switch goes to next. */
export function nextTheme(theme: 'light' | 'dark' | null): 'light' | 'dark' | null {
  return theme === null ? 'dark' : theme === 'dark' ? 'light' : null;
}

function openFailure(by: 1 | -1, { state, shown, go }: Pick<Page, 'state' | 'shown' | 'go'>): void {
  const failures = shown.filter(({ flow }) => flow.verdict !== 'pass');
  if (failures.length === 0) return;
  const here = failures.findIndex((cell) => isOpen(cell, state));
  const from = here === -1 ? (by === 1 ? -1 : failures.length) : here;
  const { scenario, variant, flow } = failures.at((from + by + failures.length) % failures.length)!;
  go({
    view: 'scenario',
    scenario: scenario.name,
    variant: variant.name,
    flow: flow.name,
    attempt: 0,
    step: 0,
    against: null,
  });
}

function isOpen({ scenario, variant, flow }: Cell, state: Page['state']): boolean {
  return (
    state.view === 'scenario' &&
    state.scenario === scenario.name &&
    state.variant === variant.name &&
    state.flow === flow.name
  );
}
