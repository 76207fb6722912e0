import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { PageIndex } from '../content/page-index.ts';
import { PageContext } from './state/context.ts';
import { allCells, filterCells } from './state/filter.ts';
import { Header } from './header.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { en } from './strings/en.ts';
import { ko } from './strings/ko.ts';
import { useKeyboard } from './use-keyboard.ts';
import { usePageState } from './state/use-page-state.ts';
import { Overview } from './views/overview.tsx';
import { RunView } from './views/run.tsx';
import { ScenarioView } from './views/scenario.tsx';

/** The whole page. */
export function App({ index }: { index: PageIndex }) {
  const [state, go] = usePageState();
  const help = useRef<HTMLDialogElement>(null);
  const cells = useMemo(() => allCells(index), [index]);
  const lang = state.lang ?? (navigator.language.startsWith('ko') ? 'ko' : 'en');
  const t = lang === 'ko' ? ko : en;
  const shown = useMemo(() => filterCells(cells, state.filter, t.messages), [cells, t, JSON.stringify(state.filter)]);
  const page = { index, cells, shown, state, go, t };
  useEffect(() => {
    document.documentElement.lang = lang;
    if (state.theme) document.documentElement.dataset.theme = state.theme;
    else delete document.documentElement.dataset.theme;
  }, [lang, state.theme]);
  useKeyboard(page, lang, help);
  return (
    <PageContext.Provider value={page}>
      <Header lang={lang} onHelp={() => help.current?.showModal()} />
      <main id="content" tabIndex={-1}>
        {state.view === 'overview' && <Overview />}
        {state.view === 'scenario' && <ScenarioView />}
        {state.view === 'run' && <RunView />}
      </main>
      <HelpDialog dialog={help} />
    </PageContext.Provider>
  );
}
