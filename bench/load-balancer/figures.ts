import { spread } from '../shared/spread.ts';
import { DIRECT, fairHandWritten, handWritten, MODES, ours, oursUncounted } from './contestants.ts';
import type { Sample } from './traffic.ts';

/** Samples of one load, by contestant: one per round. */
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

/** Rounds as figures. Contestants are compared within a round, because the machine was in the same state. */
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

/** A performance target of the load balancer. */
export interface Target {
  text: string;
  reached: number;
  wanted: number;
}

/**
 * Targets of the load balancer under one load.
 * @param dsrShare share of the direct rate that dsr must reach; null for no target
 */
export function targetsOf(figures: Figure[], dsrShare: number | null): Target[] {
  const find = (name: string) => figures.find(({ contestant }) => contestant === name);
  const proxies = figures.filter(({ contestant }) => ['haproxy', 'nginx'].includes(contestant));
  // Not all contestants may have been measured.
  const target = (text: string, reached: number | null | undefined, wanted: number): Target[] =>
    typeof reached === 'number' ? [{ text, reached, wanted }] : [];
  const dsr = ours('dsr');
  return [
    ...(dsrShare === null ? [] : target(`${dsr} / ${DIRECT}`, find(dsr)?.ofDirect, dsrShare)),
    ...(['dnat', 'proxy'] as const).flatMap((mode) => {
      const uncounted = oursUncounted(mode);
      return [
        ...target(`${ours(mode)} / ${handWritten(mode)}`, find(ours(mode))?.ofByHand, 0.97),
        ...target(`${ours(mode)} / ${fairHandWritten(mode)}`, find(ours(mode))?.ofFairByHand, 0.97),
        ...target(`${uncounted} / ${handWritten(mode)}`, find(uncounted)?.ofByHand, 0.97),
      ];
    }),
    ...MODES.flatMap((mode) =>
      proxies.flatMap((proxy) => {
        const own = find(ours(mode));
        return target(`${ours(mode)} / ${proxy.contestant}`, own && own.ofDirect / proxy.ofDirect, 1);
      }),
    ),
  ];
}
