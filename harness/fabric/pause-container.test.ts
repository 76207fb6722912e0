import { pauseContainer } from './pause-container.ts';

const REFUSAL = '(HTTP code 500) server error - Cannot pause container: unable to freeze';

/** A container that the engine cannot pause so many times. */
function container(refusals: number) {
  let left = refusals;
  return { pause: () => (left-- > 0 ? Promise.reject(new Error(REFUSAL)) : Promise.resolve()) };
}

test('a container that the engine cannot pause at once is paused by a later try', async () => {
  await expect(pauseContainer(container(2), 's1')).resolves.toBeUndefined();
});

test('one that it never can pause is told with its node', async () => {
  await expect(pauseContainer(container(Infinity), 's1', 0)).rejects.toMatchObject({
    code: 'node-failed',
    fault: { code: 'pause-failed', params: { node: 's1', error: REFUSAL } },
  });
});
