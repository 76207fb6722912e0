import { spread } from '../spread.ts';
import { DIRECT, fairHandWritten, handWritten, MODES, ours, oursUncounted } from './contestants.ts';
import type { Sample } from './traffic.ts';

/** Samples of one load, by contestant: one a round. */
export type Rounds = Record<string, Sample[]>;

/** One contestant under one load. Ratios are medians of the ratios within each round. */
export interface Figure {
  contestant: string;
  rate: { min: number; median: number; max: number };
  ofDirect: number;
  /** To the hand-written rules of the same mode; null for others. */
  ofByHand: number | null;
  /** To those of the same mode that keep or count flows as well. */
  ofFairByHand: number | null;
  failed: number;
  cpuUs: number;
  p50: number | null;
  p99: number | null;
}

/** Rounds as figures: contestants of one round met the same machine, so that they are compared within it. */
export function figuresOf(rounds: Rounds): Figure[] {
  return Object.entries(rounds).map(([contestant, samples]) => {
    const median = (value: (sample: Sample) => number) => spread(samples.map(value)).median;
    const latency = (at: 'p50' | 'p99') => (samples[0]![at] === null ? null : median((sample) => sample[at] ?? NaN));
    const to = (base: string | undefined) => (base && rounds[base] ? ratio(samples, rounds[base]) : null);
    const mode = MODES.find((candidate) => ours(candidate) === contestant);
    const uncounted = (['dnat', 'proxy'] as const).find((candidate) => oursUncounted(candidate) === contestant);
    const same = mode ?? uncounted;
    return {
      contestant,
      rate: spread(samples.map(({ rate }) => rate)),
      ofDirect: ratio(samples, rounds[DIRECT]!),
      ofByHand: to(same && handWritten(same)),
      ofFairByHand: to(mode && fairHandWritten(mode)),
      failed: samples.reduce((sum, { failed }) => sum + failed, 0),
      cpuUs: median(({ cpuUs }) => cpuUs),
      p50: latency('p50'),
      p99: latency('p99'),
    };
  });
}

function ratio(samples: Sample[], base: Sample[]): number {
  return spread(samples.map(({ rate }, round) => rate / base[round]!.rate)).median;
}

/** Something that the load balancer is held to. */
export interface Target {
  text: string;
  reached: number;
  wanted: number;
}

/**
 * What the load balancer is held to under one load.
 * @param dsrShare of the direct way's rate that dsr is to reach; null where nothing is asked of it
 */
export function targetsOf(figures: Figure[], dsrShare: number | null): Target[] {
  const find = (name: string) => figures.find(({ contestant }) => contestant === name)!;
  const proxies = figures.filter(({ contestant }) => ['haproxy', 'nginx'].includes(contestant));
  const dsr = ours('dsr');
  return [
    ...(dsrShare === null ? [] : [{ text: `${dsr} / ${DIRECT}`, reached: find(dsr).ofDirect, wanted: dsrShare }]),
    ...(['dnat', 'proxy'] as const).flatMap((mode) => {
      const { ofByHand, ofFairByHand } = find(ours(mode));
      const uncounted = oursUncounted(mode);
      return [
        { text: `${ours(mode)} / ${handWritten(mode)}`, reached: ofByHand!, wanted: 0.97 },
        { text: `${ours(mode)} / ${fairHandWritten(mode)}`, reached: ofFairByHand!, wanted: 0.97 },
        { text: `${uncounted} / ${handWritten(mode)}`, reached: find(uncounted).ofByHand!, wanted: 0.97 },
      ];
    }),
    ...MODES.flatMap((mode) =>
      proxies.map((proxy) => ({
        text: `${ours(mode)} / ${proxy.contestant}`,
        reached: find(ours(mode)).ofDirect / proxy.ofDirect,
        wanted: 1,
      })),
    ),
  ];
}
