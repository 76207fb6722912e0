import { jest } from '@jest/globals';
import { lbConfigSchema } from '../terms/config.ts';
import type { Pool } from './pool.ts';
import { TrafficWatch } from './traffic-watch.ts';

test('counting is retried after an error: a drain ends although counting failed once', async () => {
  jest.useFakeTimers();
  const config = lbConfigSchema.parse({ version: 1, services: [] });
  const pool = { config, draining: () => [{}] } as unknown as Pool;
  let looks = 0;
  const apply = (): Promise<void> => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error('out of files')) : Promise.resolve();
  };
  const logged = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const errors = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const watch = new TrafficWatch({ pool, apply, facts: () => ({}) as never });
  watch.schedule();
  await jest.advanceTimersByTimeAsync(2500);
  watch.end();
  logged.mockRestore();
  errors.mockRestore();
  jest.useRealTimers();
  expect(looks).toBe(2);
});
