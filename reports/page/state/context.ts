import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PageIndex } from '../../content/page-index.ts';
import type { Cell } from './filter.ts';
import { type PageState, toFragment } from './route.ts';
import type { Strings } from '../strings/en.ts';
import type { Go } from './use-page-state.ts';

/** Shared by all views: data, state of the fragment, and language. */
export interface Page {
  index: PageIndex;
  cells: Cell[];
  /** Cells that match the filter. */
  shown: Cell[];
  state: PageState;
  t: Strings;
  go: Go;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('A view stands outside of the page.');
  return page;
}

/** Link to a cell that keeps filter, theme and language. */
export function cellLink(state: PageState, { scenario, variant, flow }: Cell, change: Partial<PageState> = {}): string {
  return toFragment({
    ...state,
    view: 'scenario',
    scenario: scenario.name,
    variant: variant.name,
    flow: flow.name,
    attempt: 0,
    call: 0,
    step: 0,
    against: null,
    tab: 'path',
    ...change,
  });
}
