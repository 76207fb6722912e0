import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { usePage } from '../state/context.ts';

/** A list that shows its beginning, and ten times as much on request: thousands of rows would block the page. */
export function Limited<T>({
  items,
  limit,
  render,
}: {
  items: T[];
  limit: number;
  render: (item: T) => ComponentChildren;
}) {
  const { t } = usePage();
  const [most, setMost] = useState(limit);
  const left = items.length - most;
  return (
    <>
      {items.slice(0, most).map(render)}
      {left > 0 && (
        <button type="button" class="more" onClick={() => setMost(most * 10)}>
          {t.more(Math.min(left, most * 9))}
        </button>
      )}
    </>
  );
}
