import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Cell } from './state/filter.ts';
import type { Page } from './state/context.ts';
import { type PageState, TABS } from './state/route.ts';

/** Keys that work everywhere on the page; keys of one view are bound there. */
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

/** Runs the action of a key; false if it has none. */
function act(key: string, { shown, go }: Page, lang: 'en' | 'ko', help: RefObject<HTMLDialogElement | null>): boolean {
  const tab = TABS[Number(key) - 1];
  if (tab) go((now) => (now.flow === null ? {} : { tab }));
  else if (key === 'n' || key === 'p') go((now) => neighbouringFailure(key === 'n' ? 1 : -1, now, shown));
  else if (key === '/') document.querySelector<HTMLInputElement>('#search')?.focus();
  else if (key === 'o') go({ view: 'overview' });
  else if (key === 'r') go({ view: 'run' });
  else if (key === 't') go((now) => ({ theme: nextTheme(now.theme) }), true);
  else if (key === 'l') go({ lang: lang === 'en' ? 'ko' : 'en' }, true);
  else if (key === '?') help.current?.showModal();
  else return false;
  return true;
}

/** The next theme of the theme switch. */
export function nextTheme(theme: 'light' | 'dark' | null): 'light' | 'dark' | null {
  return theme === null ? 'dark' : theme === 'dark' ? 'light' : null;
}

/** The failure after or before the open one, cyclic. */
function neighbouringFailure(by: 1 | -1, now: PageState, shown: Cell[]): Partial<PageState> {
  const failures = shown.filter(({ flow }) => flow.verdict !== 'pass');
  const here = failures.findIndex((cell) => isOpen(cell, now));
  const from = here === -1 ? (by === 1 ? -1 : failures.length) : here;
  const next = failures.at((from + by + failures.length) % failures.length);
  if (!next) return {};
  const { scenario, variant, flow } = next;
  const names = { scenario: scenario.name, variant: variant.name, flow: flow.name };
  return { view: 'scenario', ...names, attempt: 0, call: 0, step: 0, against: null };
}

function isOpen({ scenario, variant, flow }: Cell, state: PageState): boolean {
  return (
    state.view === 'scenario' &&
    state.scenario === scenario.name &&
    state.variant === variant.name &&
    state.flow === flow.name
  );
}
