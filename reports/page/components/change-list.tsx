import type { Hop } from '../../../harness/terms/walk.ts';
import type { MacOwner } from '../../content/mac-owners.ts';

/** Changes at a hop, new values in bold; a MAC is followed by the node that has it. */
export function ChangeList({ changes, ownerOf }: { changes: Hop['changed']; ownerOf: MacOwner }) {
  return (
    <>
      {changes.map(({ field, from, to }, i) => (
        <span key={i} class="change" title={`${field} ${from} → ${to}`}>
          {field} {ownerOf(from) ?? from} → <b>{ownerOf(to) ?? to}</b>
        </span>
      ))}
    </>
  );
}
