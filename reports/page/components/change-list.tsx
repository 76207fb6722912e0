import type { Hop } from '../../../harness/terms/walk.ts';
import { changeText } from '../../content/change-text.ts';
import type { MacOwner } from '../../content/mac-owners.ts';

/** Changes at a hop, new values in bold; a MAC is followed by the node that has it. */
export function ChangeList({ changes, ownerOf }: { changes: Hop['changed']; ownerOf: MacOwner }) {
  return (
    <>
      {changes.map((change, i) => (
        <span key={i} class="change" title={changeText(change)}>
          {change.field === 'carries' ? (
            changeText(change)
          ) : (
            <>
              {change.field} {ownerOf(change.from) ?? change.from} → <b>{ownerOf(change.to) ?? change.to}</b>
            </>
          )}
        </span>
      ))}
    </>
  );
}
