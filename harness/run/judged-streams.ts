import { setImmediate as othersTurn } from 'node:timers/promises';
import { directions } from '../observe/direction.ts';
import type { Captured } from '../observe/recorder.ts';
import { observeCalls, type ObservedCall } from '../observe/stream-calls.ts';
import { planAt } from '../scenario/plan-at.ts';
import type { Plan, StreamPlan } from '../terms/plan.ts';
import type { FlowResult } from '../terms/results.ts';
import type { Sighting } from '../terms/sighting.ts';
import type { StreamPrediction } from '../terms/stream-prediction.ts';
import type { StreamResult } from '../terms/timeline-results.ts';
import type { StateBands } from './state-bands.ts';
import { judgeStream, type JudgedStream } from '../judge/stream.ts';
import { addressesWithTwoMacs } from '../judge/two-owners.ts';
import { predictTimeline } from '../model/time/timeline.ts';
import { calledBy, describeCell, streamCells, type StreamCell } from './stream-cell.ts';
import type { Running, RunStep } from './step.ts';

/** Precision of agents' time stamps on the captures' clock, ms. */
const PRECISION_MS = 2;

type Tally = Pick<StreamResult, 'calls' | 'examples'> & {
  /** The last call of each open kept connection. */
  last: ObservedCall[];
  waiting: JudgedStream['waiting'];
};

/** Judges steps in order, and collects the results of each stream. */
export class JudgedStreams {
  readonly #tallies = new Map<string, Tally>();
  readonly #predicted: StreamPrediction[][];
  readonly #cells: StreamCell[];
  #deviates = false;

  constructor(
    private readonly plan: Plan,
    private readonly bands: StateBands,
    private readonly emit: (cell: FlowResult) => void,
  ) {
    // Once, before anything starts: it takes a while.
    this.#predicted = predictTimeline(plan);
    this.#cells = streamCells(plan, this.#predicted);
  }

  /** Judges a step after all nodes have delivered their frames, and discards its recording. */
  async judge(ran: RunStep, { clock, streams, lab: { recorder } }: Running): Promise<void> {
    const { index, mark, result, actedMs, settledMs, flowsRefused } = ran;
    const { beginMs, endMs } = result;
    const [from, to] = [clock.nanoseconds(beginMs - PRECISION_MS), clock.nanoseconds(endMs + PRECISION_MS)];
    const captured = recorder.since(mark).filter(({ time }) => time >= from && time < to);
    recorder.forgetUntil(mark);
    const records = streams.take(index);
    const plan = planAt(this.plan, index);
    this.#deviates ||= ran.missed !== null;
    const twoMacs = addressesWithTwoMacs({ packets: spokenArp(captured, plan), plan });
    for (const [number, stream] of this.plan.timeline!.streams.entries()) {
      // Lets frames arrive and the user interrupt.
      await othersTurn();
      const tally = this.#tally(stream);
      const own = records.filter((record) => record.stream === stream.name);
      const calls = observeCalls({ plan, stream, records: own, captured, before: tally.last });
      const cell = this.#cells.find((one) => one.step === index && one.stream === stream);
      const judged = judgeStream({
        plan: this.plan,
        stream,
        step: index,
        expect: cell?.expect ?? null,
        calls,
        bands: this.bands.all,
        ...(flowsRefused === null ? {} : { flowsRefused }),
        predicted: this.#predicted[index]![number]!,
        addressesWithTwoMacs: twoMacs,
        time: { epoch: clock.epoch, beginMs, actedMs, settledMs, endMs },
        examplesBefore: tally.examples.length,
        waiting: tally.waiting,
        deviates: this.#deviates,
      });
      tally.examples.push(...judged.examples);
      tally.calls.push(...judged.calls);
      tally.last = lastOfEach([...tally.last, ...calls]);
      tally.waiting = judged.waiting;
      if (!cell) continue;
      const missed = ran.missed && ({ code: 'state-not-reached', params: ran.missed } as const);
      const { summary, verdict, reasons, outcome, cause, disagreement, examples } = judged;
      const isRed = verdict === 'fail' || missed !== null;
      this.emit({
        ...describeCell(cell, this.plan, summary),
        verdict: isRed ? 'fail' : verdict,
        reasons: [...(missed ? [missed] : []), ...reasons],
        outcome,
        cause,
        disagreement,
        attempts: isRed ? examples.map((one) => ({ ...one, packets: recorder.withRaw(one.packets) })) : examples,
        durationMs: endMs - beginMs,
      });
    }
  }

  /** Results so far. */
  get results(): StreamResult[] {
    return this.plan.timeline!.streams.map((stream) => {
      const { name, from, protocol, connection } = stream;
      const { calls, examples } = this.#tally(stream);
      return { name, from, to: calledBy(stream), protocol, connection, calls, examples };
    });
  }

  #tally({ name }: StreamPlan): Tally {
    const tally = this.#tallies.get(name) ?? { calls: [], examples: [], last: [], waiting: new Map() };
    this.#tallies.set(name, tally);
    return tally;
  }
}

function spokenArp(captured: Captured[], plan: Plan): Sighting[] {
  const arp = captured.filter(({ frame }) => frame.arp !== undefined);
  return directions(arp, plan, arp[0]?.time ?? 0n);
}

/** @param calls in order of their start */
function lastOfEach(calls: ObservedCall[]): ObservedCall[] {
  const last = new Map<number, ObservedCall>();
  for (const call of calls) {
    const { connection, outcome } = call.record;
    if (connection === undefined) continue;
    const goesOn = ['200', 'answered', 'timeout'].includes(outcome);
    if (goesOn) last.set(connection, call);
    else last.delete(connection);
  }
  return [...last.values()];
}
