import { useCallback, useEffect, useState } from 'preact/hooks';
import { type PageState, parseFragment, toFragment } from './route.ts';

/** The state in the URL fragment, and a way to change it. */
export function usePageState(): [PageState, (change: Partial<PageState>, replace?: boolean) => void] {
  const [state, setState] = useState(() => parseFragment(location.hash));
  useEffect(() => {
    const read = () => setState(parseFragment(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const go = useCallback((change: Partial<PageState>, replace = false) => {
    const fragment = toFragment({ ...parseFragment(location.hash), ...change });
    if (replace) history.replaceState(null, '', fragment);
    else history.pushState(null, '', fragment);
    setState(parseFragment(fragment));
  }, []);
  return [state, go];
}
