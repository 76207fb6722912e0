import { jest } from '@jest/globals';
import { withDeadline } from './with-deadline.ts';

const NEVER = new Promise<never>(() => undefined);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('work in time gives its result or error, and leaves no timer', async () => {
  await expect(withDeadline(Promise.resolve('done'), 1000)).resolves.toBe('done');
  await expect(withDeadline(Promise.reject(new Error('refused')), 1000)).rejects.toThrow('refused');
  expect(jest.getTimerCount()).toBe(0);
});

test('late work gives null', async () => {
  const result = withDeadline(NEVER, 1000);
  await jest.advanceTimersByTimeAsync(1000);
  await expect(result).resolves.toBeNull();
});
