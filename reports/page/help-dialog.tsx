import type { RefObject } from 'preact';
import { usePage } from './state/context.ts';

/** Lists the keyboard shortcuts. */
export function HelpDialog({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const { t } = usePage();
  return (
    <dialog ref={dialog} aria-labelledby="help-title">
      <h2 id="help-title">{t.help}</h2>
      <dl class="keys">
        {Object.entries(t.keys).map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        {t.close}
      </button>
    </dialog>
  );
}
