import { pauseContainer } from './pause-container.ts';

const REFUSAL = '(HTTP code 500) server error - Cannot pause container: unable to freeze';

/** A container that the engine cannot pause so many times. */
function container(refusals: number) {
  let left = refusals;
  return { pause: () => (left-- > 0 ? Promise.reject(new Error(REFUSAL)) : Promise.resolve()) };
}

test('pausing a container is retried', async () => {
  await expect(pauseContainer(container(2), 's1')).resolves.toBeUndefined();
});

test('a container that cannot be paused is reported with its node', async () => {
  await expect(pauseContainer(container(Infinity), 's1', 0)).rejects.toMatchObject({
    code: 'node-failed',
    fault: { code: 'pause-failed', params: { node: 's1', error: REFUSAL } },
  });
});
