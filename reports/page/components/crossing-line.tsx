import type { Leg } from '../../../harness/terms/reason.ts';
import { addressText } from '../../content/walk-text.ts';
import { ChangeList } from './change-list.tsx';
import { type MacOwner } from '../../content/mac-owners.ts';
import { usePage } from '../state/context.ts';
import { changesOf, type Crossing, hopOf, wireNotes } from '../../content/crossing.ts';

export interface CrossingLineProps {
  number: number;
  direction: Leg;
  crossing: Crossing;
  ownerOf: MacOwner;
}

/** One crossing of a wire as text: sender, receiver, addresses and changes. */
export function CrossingLine({ number, direction, crossing, ownerOf }: CrossingLineProps) {
  const { t } = usePage();
  const hop = hopOf(crossing);
  return (
    <>
      <span class="number">{number}</span>
      <span class="who">
        {crossing.from === crossing.to ? `${crossing.from} (lo)` : `${crossing.from} → ${crossing.to}`}
        {wireNotes(crossing).map((note) => ` · ${note}`)}
      </span>
      <span class="direction">{t[direction]}</span>
      <span class="pair">
        {addressText(hop.src)} → {addressText(hop.dst)}
      </span>
      <ChangeList changes={changesOf(crossing)} ownerOf={ownerOf} />
      {!crossing.in && <strong class="lost">✗ {t.lost}</strong>}
    </>
  );
}
