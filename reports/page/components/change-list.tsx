import type { Hop } from '../../../harness/terms/walk.ts';
import type { MacOwner } from '../../content/mac-owners.ts';

/** What a hop changed, new values in bold; a MAC is told by its node, where one has it. */
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
