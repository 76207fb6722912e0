import type { Leg } from '../../../harness/terms/reason.ts';
import type { Hop, Walk } from '../../../harness/terms/walk.ts';
import { type Crossing, crossings, hopOf, linkOf, lookOf, type PeerOf } from '../../content/crossing.ts';
import { foldLoops, type Fold, type Look } from '../../content/loops.ts';

/** One crossing as an arrow on its wire; one arrow if prediction and observation agree. */
export interface Lane {
  direction: Leg;
  from: string;
  to: string;
  /** Which of the links between the two nodes, counted from 1. */
  link: number;
  predicted: boolean;
  observed: Crossing | null;
  /** Position in the observed path, from 1; null if predicted but not observed. */
  number: number | null;
  /** First lane at which prediction and observation differ. */
  differs: boolean;
  /** Further rounds of the loop whose first round ends with this lane. */
  fold: Fold | null;
}

/** A lane before loops are folded and crossings are numbered. */
type Whole = Omit<Lane, 'number' | 'fold'> & Pick<Look, 'ttl'>;

/** Arrows of a flow in time order: the common part once, then both versions. No difference if `observed` is null. */
export function lanesOf(observed: Walk | null, predicted: Walk | null, peerOf: PeerOf): Lane[] {
  const lanesIn = (direction: Leg, hopsOf: (walk: Walk) => Hop[]): Whole[] =>
    directionLanes(direction, observed && hopsOf(observed), predicted && hopsOf(predicted), peerOf);
  const all = [
    ...lanesIn('question', ({ question }) => question?.request ?? []),
    ...lanesIn('answer', ({ question }) => question?.reply ?? []),
    ...lanesIn('request', ({ request }) => request),
    ...lanesIn('reply', ({ reply }) => reply),
  ];
  let found = false;
  const lanes = all.map((lane) => {
    const differs = lane.differs && !found;
    found ||= lane.differs;
    return { ...lane, differs };
  });
  return folded(lanes);
}

function folded(whole: Whole[]): Lane[] {
  const lanes: Lane[] = [];
  let number = 0;
  const rows = foldLoops(whole, ({ ttl, observed, ...rest }) => ({
    key: [rest, observed && lookOf(observed).key],
    ttl,
  }));
  for (const { step, fold } of rows) {
    const { direction, from, to, link, predicted, observed, differs } = step;
    if (fold) lanes.at(-1)!.fold = fold;
    else
      lanes.push({
        ...{ direction, from, to, link, predicted, observed, differs },
        number: observed ? ++number : null,
        fold: null,
      });
  }
  return lanes;
}

function directionLanes(
  direction: Lane['direction'],
  observedHops: Hop[] | null,
  predictedHops: Hop[] | null,
  peerOf: PeerOf,
): Whole[] {
  const actual = crossings(observedHops ?? [], peerOf);
  const expected = predictedHops ? crossings(predictedHops, peerOf) : [];
  const same = (i: number) => {
    const [a, b] = [actual[i], expected[i]];
    return (
      a !== undefined &&
      b !== undefined &&
      a.from === b.from &&
      a.to === b.to &&
      linkOf(a) === linkOf(b) &&
      sameAddresses(a, b)
    );
  };
  let common = 0;
  while (same(common)) common += 1;
  const hasDifference =
    observedHops !== null && predictedHops !== null && (common < actual.length || common < expected.length);
  return [
    ...actual.map((crossing, i) => ({
      direction,
      from: crossing.from,
      to: crossing.to,
      link: linkOf(crossing),
      predicted: i < common,
      observed: crossing,
      ttl: hopOf(crossing).ttl,
      differs: hasDifference && i === common,
    })),
    ...expected.slice(common).map((crossing, i) => ({
      direction,
      from: crossing.from,
      to: crossing.to,
      link: linkOf(crossing),
      predicted: true,
      observed: null,
      ttl: hopOf(crossing).ttl,
      differs: hasDifference && i === 0 && common >= actual.length,
    })),
  ];
}

function sameAddresses(a: Crossing, b: Crossing): boolean {
  const [x, y] = [hopOf(a), hopOf(b)];
  return x.src.ip === y.src.ip && x.dst.ip === y.dst.ip;
}
