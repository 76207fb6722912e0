import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../state/context.ts';
import type { PageState } from '../state/route.ts';

/** The URL is updated after this pause in the changes: browsers limit the number of URL changes per second. */
const SETTLE_MS = 200;

/**
 * A value that changes immediately; the page's state follows after a pause. If the state changes for another reason,
 * the value follows it. The function that changes the value gets the latest one.
 */
export function useSettling<T>(
  fromState: T,
  toState: (value: T) => Partial<PageState>,
): [T, (next: (now: T) => T) => void] {
  const { go } = usePage();
  const [value, setValue] = useState(fromState);
  const latest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const write = useRef(toState);
  write.current = toState;
  useEffect(() => {
    if (timer.current !== null) return;
    latest.current = fromState;
    setValue(fromState);
  }, [JSON.stringify(fromState)]);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  const change = (next: (now: T) => T) => {
    latest.current = next(latest.current);
    setValue(latest.current);
    clearTimeout(timer.current ?? undefined);
    timer.current = setTimeout(() => {
      timer.current = null;
      go(write.current(latest.current), true);
    }, SETTLE_MS);
  };
  return [value, change];
}
