import fc from 'fast-check';
import { Queue } from './queue.ts';

const kindOf = (name: string): string => name[0]!;

test('each worker stays with one kind while there is some, then helps with another one', () => {
  const queue = new Queue(['a1', 'b1', 'a2', 'c1', 'a3', 'b2', 'a4', 'a5'], kindOf);
  const [first, second, third] = [queue.worker(), queue.worker(), queue.worker()];
  const taken = [first, second, first, second, second, second, third].map((worker) => worker.next());
  expect(taken).toEqual(['a1', 'b1', 'a2', 'b2', 'c1', 'a3', undefined]);
  expect(['a', 'b', 'c'].map((kind) => queue.has(kind))).toEqual([true, false, false]);
  expect(queue.isEmpty).toBe(false);
  expect([first, second, first].map((worker) => worker.next())).toEqual(['a4', 'a5', undefined]);
  expect(queue.isEmpty).toBe(true);
});

test('the kind with the longest total begins first, however it is divided', () => {
  const queue = new Queue(['a1', 'a2', 'b9'], kindOf, (name) => Number(name[1]));
  expect([queue.worker().next(), queue.worker().next()]).toEqual(['b9', 'a1']);
});

test('all work is handed out once, with any number and order of workers', () => {
  const work = fc.uniqueArray(fc.stringMatching(/^[a-d][0-9]{1,2}$/), { maxLength: 30 });
  fc.assert(
    fc.property(work, fc.array(fc.nat({ max: 3 }), { minLength: 40, maxLength: 40 }), (names, turns) => {
      const queue = new Queue(names, kindOf);
      const workers = [0, 1, 2, 3].map(() => queue.worker());
      // A worker with work of its own asks again until there is none, however late.
      const rest = (worker: ReturnType<typeof queue.worker>): string[] => {
        const name = worker.next();
        return name === undefined ? [] : [name, ...rest(worker)];
      };
      const taken = [...turns.map((turn) => workers[turn]!.next()), ...workers.flatMap(rest)];
      expect(taken.filter((name) => name !== undefined).sort()).toEqual([...names].sort());
    }),
    {
      // One worker has the rest of `c` to itself: too little for the others to help.
      examples: [
        [
          ['c0', 'c1', 'a0', 'c00', 'c2', 'a1', 'd0', 'c3'],
          [2, 1, 1, 2, 0, 2, ...Array<number>(34).fill(0)],
        ],
      ],
    },
  );
});
