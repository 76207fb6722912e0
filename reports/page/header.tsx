import { usePage } from './state/context.ts';
import { toFragment } from './state/route.ts';
import { nextTheme } from './use-keyboard.ts';

/** Bar at the top of every view: location, search, language, theme, help. */
export function Header({ lang, onHelp }: { lang: 'en' | 'ko'; onHelp: () => void }) {
  const { state, t, go } = usePage();
  const current = (view: string) => (state.view === view ? 'page' : undefined);
  const theme = { light: t.light, dark: t.dark, system: t.system }[state.theme ?? 'system'];
  return (
    <header class="bar">
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('content')?.focus();
        }}
      >
        {t.skipToContent}
      </a>
      <a class="brand" href={toFragment({ ...state, view: 'overview' })}>
        <b>l4</b>lab
      </a>
      <nav aria-label="l4lab">
        <a href={toFragment({ ...state, view: 'overview' })} aria-current={current('overview')}>
          {t.overview}
        </a>
        <a href={toFragment({ ...state, view: 'run' })} aria-current={current('run')}>
          {t.run}
        </a>
      </nav>
      <input
        id="search"
        type="search"
        aria-label={t.search}
        placeholder={t.search}
        value={state.filter.text}
        onInput={(event) =>
          go(
            { view: 'overview', filter: { ...state.filter, text: event.currentTarget.value } },
            state.view === 'overview',
          )
        }
      />
      <span class="tools">
        <button
          type="button"
          onClick={() => go({ lang: lang === 'en' ? 'ko' : 'en' }, true)}
          lang={lang === 'en' ? 'ko' : 'en'}
        >
          {lang === 'en' ? '한국어' : 'English'}
        </button>
        <button type="button" onClick={() => go((now) => ({ theme: nextTheme(now.theme) }), true)}>
          <span class="wide-only">{t.theme}: </span>
          {theme}
        </button>
        <button type="button" class="wide-only" onClick={onHelp}>
          {t.help} <kbd>?</kbd>
        </button>
      </span>
    </header>
  );
}
