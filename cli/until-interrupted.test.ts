import { jest } from '@jest/globals';
import { parseArgs } from 'node:util';
import { EXIT } from '../harness/errors.ts';
import { untilInterrupted } from './until-interrupted.ts';

test('an unknown option is reported without a stack', async () => {
  const before = process.exitCode;
  const printed = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  await untilInterrupted(() => {
    parseArgs({ args: ['--lab'], options: { labs: { type: 'string' } } });
    return Promise.resolve(0);
  });
  const [text, code] = [String(printed.mock.calls[0]?.[0]), process.exitCode];
  process.exitCode = before;
  printed.mockRestore();
  expect(text).toContain("Unknown option '--lab'");
  expect(text).not.toContain(' at ');
  expect(code).toBe(EXIT.invalid);
});
