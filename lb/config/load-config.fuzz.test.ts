import fc from 'fast-check';
import type { LbConfig } from '../terms/config.ts';
import { LbError } from '../terms/errors.ts';
import { parseConfig } from './load-config.ts';
import { validConfig, corrupted } from '../testing/arbitrary-config.ts';

const RUNS = 5000;

/** A configuration or a `bad-config` error; anything else is a crash. */
async function settle(text: string): Promise<LbConfig | LbError> {
  return parseConfig(text, 'lb.yaml').catch((error: unknown) => {
    if (error instanceof LbError && error.code === 'bad-config') return error;
    throw error;
  });
}

it('no text crashes the parser', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200, unit: 'binary' }), async (text) => {
      await settle(text);
    }),
    { numRuns: RUNS },
  );
});

it('a random configuration is accepted, or refused with a position for every mistake', async () => {
  await fc.assert(
    fc.asyncProperty(corrupted(validConfig), async (config) => {
      const result = await settle(JSON.stringify(config, null, 1) ?? '');
      if (result instanceof LbError) {
        for (const line of result.message.split('\n')) expect(line).toMatch(/^lb\.yaml:\d+:\d+: /);
      } else {
        expect(await settle(JSON.stringify(result))).toEqual(result);
      }
    }),
    { numRuns: RUNS },
  );
});
