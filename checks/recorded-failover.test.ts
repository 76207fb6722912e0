import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { judgeStream, type JudgedStream, type StreamToJudge } from '../harness/judge/stream.ts';
import { Recorder } from '../harness/observe/recorder.ts';
import { observeCalls } from '../harness/observe/stream-calls.ts';
import { planAt } from '../harness/scenario/plan-at.ts';
import type { CallRecord } from '../harness/terms/timeline-results.ts';
import { pcapng } from '../reports/pcapng.ts';

/**
 * What a lab has shown of a step in which the master of a pair lost its power while its client made a call every 20 ms:
 * all frames of all interfaces.
 */
interface Recording extends Pick<StreamToJudge, 'plan' | 'time' | 'bands'> {
  /** Of the step. */
  index: number;
  records: CallRecord[];
  frames: [time: string, node: string, iface: string, length: number, bytes: string][];
}

/** How exact an outage must be, ms. */
const EXACT_MS = 20;

const recording = JSON.parse(
  gunzipSync(readFileSync('checks/recorded/failover.json.gz')).toString('utf8'),
) as Recording;
const judged = judge(recording);
const counted = countedByTshark(recording);

test('the outage has the duration that tshark measures in the capture of the caller', () => {
  const { ms } = judged.summary.outage!;
  expect(ms).toBeGreaterThan(100);
  expect(Math.abs(ms - counted.longestSilenceMs)).toBeLessThan(EXACT_MS);
});

test('the number of failed calls equals the number of calls without reply in tshark', () => {
  expect(judged.summary).toMatchObject({ calls: counted.calls, failed: counted.unanswered });
  expect(counted.unanswered).toBeGreaterThan(5);
});

test('each was lost because the router still sent it to the MAC of the dead node', () => {
  const { summary, calls, reasons } = judged;
  expect(summary.causes).toMatchObject([{ cause: { code: 'stale-neighbour', node: 'l3' }, calls: summary.failed }]);
  expect(calls.filter(({ outcome }) => outcome === 'works').every(({ l4 }) => l4 !== null)).toBe(true);
  expect(Object.keys(summary.l4)).toEqual(['l4a', 'l4b']);
  expect(reasons).toEqual([]);
});

function judge({ plan, index: step, time, bands, records, frames }: Recording): JudgedStream {
  const recorder = new Recorder();
  for (const [at, node, iface, length, bytes] of frames) recorder.add(node, iface, [[at, length, bytes]]);
  const { streams } = plan.timeline!;
  const stream = streams[0]!;
  const calls = observeCalls({ plan: planAt(plan, step), stream, records, captured: recorder.since(0) });
  const places = [{ code: 'stale-neighbour', node: 'l3' } as const];
  return judgeStream({
    plan,
    stream,
    step,
    expect: plan.timeline!.steps[step]!.expect[0]!.expect,
    calls,
    bands,
    addressesWithTwoMacs: new Set<string>(),
    predicted: {
      settled: null,
      outage: { causes: places, atMostMs: null, bounds: [] },
      connections: null,
      unknown: [],
    },
    time,
    examplesBefore: 0,
  });
}

/** By connection, as the caller's interface saw it: when it was asked for, and when its first data came. */
function countedByTshark({ frames }: Recording): { calls: number; unanswered: number; longestSilenceMs: number } {
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-recorded-'));
  try {
    const file = join(folder, 'client.pcapng');
    const own = frames.filter(([, node]) => node === 'client');
    writeFileSync(
      file,
      pcapng(
        own.map(([time, , iface, length, bytes]) => ({
          time: BigInt(time),
          iface,
          length,
          bytes: Buffer.from(bytes, 'base64'),
        })),
      ),
    );
    const fields = ['frame.time_epoch', 'tcp.srcport', 'tcp.dstport', 'tcp.flags.syn', 'tcp.len'];
    const args = ['-r', file, '-Y', 'tcp', '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
    const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return count(lines.trim().split('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function count(lines: string[]): ReturnType<typeof countedByTshark> {
  const asked = new Set<string>();
  const answered = new Map<string, number>();
  for (const [time = '', from = '', to = '', syn = '', length = ''] of lines.map((line) => line.split('\t'))) {
    if (to === '80' && ['1', 'True'].includes(syn)) asked.add(from);
    if (from === '80' && Number(length) > 0 && !answered.has(to)) answered.set(to, Number(time) * 1000);
  }
  const answers = [...answered.values()].sort((a, b) => a - b);
  const silences = answers.slice(1).map((ms, index) => ms - answers[index]!);
  return {
    calls: asked.size,
    unanswered: [...asked].filter((port) => !answered.has(port)).length,
    longestSilenceMs: Math.max(...silences),
  };
}
