import { useCallback, useEffect, useState } from 'preact/hooks';
import { type PageState, parseFragment, toFragment } from './route.ts';

/**
 * Changes the state. A function receives the current state, which may be newer than the rendered one.
 * `replace` adds no history entry.
 */
export type Go = (change: Partial<PageState> | ((now: PageState) => Partial<PageState>), replace?: boolean) => void;

/** The state in the URL fragment, and a function that changes it. */
export function usePageState(): [PageState, Go] {
  const [state, setState] = useState(() => parseFragment(location.hash));
  useEffect(() => {
    const read = () => setState(parseFragment(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const go = useCallback<Go>((change, replace = false) => {
    const now = parseFragment(location.hash);
    const fragment = toFragment({ ...now, ...(typeof change === 'function' ? change(now) : change) });
    if (replace) history.replaceState(null, '', fragment);
    else history.pushState(null, '', fragment);
    setState(parseFragment(fragment));
  }, []);
  return [state, go];
}
