import type { FlowResult } from '../../harness/terms/results.ts';
import { timelineResults } from '../samples/timeline-results.ts';
import { toPageIndex } from './page-index.ts';
import { seenOf } from './seen.ts';

const results = timelineResults();
const [works, stays] = results.scenarios[0]!.variants.map(({ flows }) => new Map(flows.map((f) => [f.name, f])));
const seen = (cells: Map<string, FlowResult>, name: string) => seenOf(cells.get(name)!);

test('a stream in a step works, fails, or varies if some calls failed, with their most frequent cause', () => {
  expect(seen(works!, 'calm.calls')).toMatchObject({ outcome: 'works', cause: null, outcomeGroups: [] });
  expect(seen(works!, 'l4a-dies.calls')).toMatchObject({
    outcome: 'varies',
    cause: 'stale-neighbour',
    causeNode: 'l3',
    outcomeGroups: [],
  });
  const calls = works!.get('l4a-dies.calls')!;
  const { stream } = calls;
  const summary = { ...stream!.summary, failed: stream!.summary.calls };
  expect(seenOf({ ...calls, stream: { ...stream!, summary } }).outcome).toBe('fails');
});

test('a stream that did not run, or made no calls, has no outcome', () => {
  const calls = stays!.get('calm.calls')!;
  expect(seenOf({ ...calls, verdict: 'not-run', outcome: null }).outcome).toBeNull();
  const summary = { ...calls.stream!.summary, calls: 0, failed: 0 };
  expect(seenOf({ ...calls, stream: { ...calls.stream!, summary } }).outcome).toBeNull();
});

test('the index has steps with their actions, and cells with stream, service and numbers', () => {
  const [scenario] = toPageIndex(results).scenarios;
  expect(scenario!.steps).toEqual([
    { name: 'calm', title: 'calm', actions: [] },
    { name: 'l4a-dies', title: 'l4a dies', actions: [{ do: 'kill', node: 'l4a' }] },
    { name: 'l4a-is-back', title: 'l4a is back', actions: [{ do: 'start', node: 'l4a' }] },
  ]);
  const cell = scenario!.variants[1]!.flows.find(({ name }) => name === 'l4a-dies.session')!;
  expect(cell).toMatchObject({ mode: 'proxy', stream: { stream: 'session', step: 'l4a-dies' } });
  expect(cell.stream!.summary.connections).toMatchObject({ reset: 10 });
  expect(cell.nodes).toContain('l4b');
});
