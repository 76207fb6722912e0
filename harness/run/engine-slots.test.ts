import type { Engine } from '../fabric/engine.ts';
import type { ScenarioResult } from '../terms/results.ts';
import { EngineSlots } from './engine-slots.ts';

/** An engine that does not answer any more. */
const gone = (endpoint: string): Engine =>
  ({ endpoint, cpus: 1, docker: { ping: () => Promise.reject(new Error('gone')) } }) as unknown as Engine;

const NOT_RUN = { variants: [{ flows: [{ verdict: 'not-run' }] }] } as unknown as ScenarioResult;

test('if all engines fail at the same time, one is kept, whose results report what did not run', async () => {
  const options = { image: '', version: '', selection: { variants: [], flows: [] }, onEvent: () => undefined };
  await using places = new EngineSlots(
    { ...options, engine: gone('a'), more: [gone('b'), gone('c')], concurrency: 1 },
    [],
  );
  const lost = await Promise.all(places.alive.map((place) => places.isLost(place, NOT_RUN)));
  expect(lost.filter(Boolean)).toHaveLength(2);
  expect(places.alive).toHaveLength(1);
});
