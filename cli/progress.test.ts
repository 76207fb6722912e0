import type { Fault } from '../harness/terms/fault.ts';
import { say } from '../reports/messages/catalogue.ts';
import { en } from '../reports/messages/en.ts';
import { sampleResults } from '../reports/samples/sample-results.ts';
import type { FlowResult } from '../harness/terms/results.ts';
import type { RunEvent } from '../harness/run/events.ts';
import { progress } from './progress.ts';

const flows = sampleResults().scenarios[0]!.variants.flatMap((variant) => variant.flows);
const one = (verdict: FlowResult['verdict']): FlowResult => flows.find((flow) => flow.verdict === verdict)!;
const ran = (result: FlowResult): RunEvent => ({ event: 'flow', scenario: 'a', variant: 'v', result });

const RUN: RunEvent[] = [
  { event: 'started', scenarios: 1, flows: 2 },
  { event: 'booting', scenario: 'a', nodes: 7 },
  { event: 'booted', scenario: 'a', durationMs: 900 },
  ran(one('pass')),
  ran(one('fail')),
  { event: 'scenario', scenario: 'a', durationMs: 1240 },
];

function shown(events: RunEvent[], terminal: { isTTY?: boolean; columns?: number } = {}): string {
  let text = '';
  const onEvent = progress({ ...terminal, write: (piece) => (text += piece) });
  events.forEach(onEvent);
  return text;
}

/** What a terminal has on its screen after such text. */
function screen(text: string): string[] {
  return text.split('\n').map((line) => line.split('\r\u001b[2K').at(-1)!);
}

const LINES = [
  '2 flows in 1 scenario',
  `✗ a [v] ${one('fail').name}: ${one('fail')
    .reasons.map((reason) => say(en, reason))
    .join(' ')}`,
  '✗ a: 1 of 2 passed (1.2 s)',
  '',
];

test('without a terminal there are only lines', () => {
  expect(shown(RUN).split('\n')).toEqual(LINES);
});

test('if each verdict is awaited, passed flows are printed too', () => {
  let text = '';
  const onEvent = progress({ write: (piece) => (text += piece) }, { everyFlow: true });
  RUN.forEach(onEvent);
  const { name, outcome, cause } = one('pass');
  expect(text.split('\n')).toEqual([LINES[0], `✓ a [v] ${name}: ${cause?.code ?? outcome}`, ...LINES.slice(1)]);
});

test('on a terminal the last line shows progress, and is removed at the end', () => {
  const terminal = { isTTY: true, columns: 80 };
  const last = (count: number): string => screen(shown(RUN.slice(0, count), terminal)).at(-1)!;
  expect(last(2)).toBe('[0/2] · a boots 7 nodes');
  expect(last(4)).toBe('[1/2] · a runs v');
  expect(last(5)).toBe('[2/2] ✗ 1 · a runs v');
  expect(screen(shown(RUN, { ...terminal, columns: 1000 }))).toEqual(LINES);
  expect(screen(shown(RUN, terminal)).filter((line) => line.length > 80)).toEqual([]);
});

test('if durations are known, a terminal shows the remaining time', () => {
  let now = 0;
  let text = '';
  const onEvent = progress({ isTTY: true, columns: 80, write: (piece) => (text += piece) }, { now: () => now });
  const after = (ms: number, event: RunEvent): string => {
    now += ms;
    onEvent(event);
    return screen(text).at(-1)!;
  };
  const forecast = { expectedMs: { a: 8000, b: 4000 }, atOnce: 1 };
  expect(after(0, { event: 'started', scenarios: 2, flows: 2, forecast })).toBe('[0/2] · 15 s left');
  expect(after(0, { event: 'booting', scenario: 'a', nodes: 7 })).toBe('[0/2] · 15 s left · a boots 7 nodes');
  expect(after(5000, { event: 'booting', scenario: 'a', nodes: 7 })).toBe('[0/2] · 7 s left · a boots 7 nodes');
  expect(after(0, { event: 'scenario', scenario: 'a', durationMs: 5000 })).toBe('[0/2] · 4 s left');
});

test('the last line never wraps', () => {
  const columns = 12;
  const text = shown(RUN.slice(0, 3), { isTTY: true, columns });
  expect(screen(text).at(-1)!.length).toBeLessThan(columns);
});

test('a terminal without a size has 80 columns', () => {
  expect(shown(RUN, { isTTY: true, columns: 0 })).toBe(shown(RUN, { isTTY: true, columns: 80 }));
});

test('a scenario that could not run did not pass', () => {
  const reason: Fault = { code: 'image-missing', params: { image: 'l4lab/node' } };
  const text = shown([
    { event: 'started', scenarios: 1, flows: 1 },
    { event: 'not-run', scenario: 'a', variant: 'v', reason },
    ran(one('not-run')),
    { event: 'scenario', scenario: 'a', durationMs: 0 },
  ]);
  expect(text).toContain('! a [v] not run: The lab image l4lab/node is missing.');
  expect(text).toContain('✗ a: 0 of 1 passed');
});

test('a flow whose verdict is withdrawn, because its node was lost, counts once', () => {
  const passed = one('pass');
  const text = shown([
    { event: 'started', scenarios: 1, flows: 1 },
    ran(passed),
    {
      event: 'not-run',
      scenario: 'a',
      variant: 'v',
      reason: { code: 'node-gone', params: { node: 's1', exitCode: null, output: '' } },
    },
    ran({ ...passed, verdict: 'not-run' }),
    { event: 'scenario', scenario: 'a', durationMs: 0 },
  ]);
  expect(text).toContain('✗ a: 0 of 1 passed');
});
