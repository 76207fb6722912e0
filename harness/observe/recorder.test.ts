import { Recorder } from './recorder.ts';

const FRAME = Buffer.alloc(14).toString('base64');

test('discarded frames are gone, and later marks stay valid', () => {
  const recorder = new Recorder();
  const add = (...times: number[]): void =>
    recorder.add(
      's1',
      'l2',
      times.map((time) => [`${time}`, 14, FRAME]),
    );
  const times = (from: number, end?: number): number[] => recorder.since(from, end).map(({ time }) => Number(time));
  add(1, 2);
  const first = recorder.mark();
  add(4, 3);
  const second = recorder.mark();
  recorder.forgetUntil(first);
  add(5);
  expect(times(0)).toEqual([3, 4, 5]);
  expect(times(first, second)).toEqual([3, 4]);
  expect(times(second)).toEqual([5]);
  recorder.clear();
  add(6);
  expect(times(first, second)).toEqual([]);
  expect(times(second)).toEqual([6]);
});
