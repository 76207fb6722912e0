import { setImmediate as turn } from 'node:timers/promises';
import { coalesce } from './coalesce.ts';

/** An asking that ends when the test says so, and answers with its number. */
class Asking {
  static readonly begun: Asking[] = [];
  end!: () => void;
  fail!: () => void;
  readonly answer = new Promise<number>((resolve, reject) => {
    const number = Asking.begun.push(this);
    this.end = () => resolve(number);
    this.fail = () => reject(new Error(`asking ${number} failed`));
  });

  constructor(readonly key: string) {}
}

beforeEach(() => void (Asking.begun.length = 0));

const shared = (): ((key?: string) => Promise<number>) => coalesce((key = 'how are you') => new Asking(key).answer);

test('callers before a query starts share it', async () => {
  const ask = shared();
  const answers = [ask(), ask(), ask()];
  await turn();
  expect(Asking.begun).toHaveLength(1);
  Asking.begun[0]!.end();
  expect(await Promise.all(answers)).toEqual([1, 1, 1]);
});

test('callers during a query share the next one, which starts after it', async () => {
  const ask = shared();
  const first = ask();
  await turn();
  const late = [ask(), ask()];
  await turn();
  expect(Asking.begun).toHaveLength(1);
  Asking.begun[0]!.end();
  expect(await first).toBe(1);
  await turn();
  Asking.begun[1]!.end();
  expect(await Promise.all(late)).toEqual([2, 2]);
});

test('different queries are separate', async () => {
  const ask = shared();
  const answers = [ask('the way there'), ask('the way back'), ask('the way there')];
  await turn();
  expect(Asking.begun.map(({ key }) => key)).toEqual(['the way there', 'the way back']);
  for (const asking of Asking.begun) asking.end();
  expect(await Promise.all(answers)).toEqual([1, 2, 1]);
});

test('a failure is reported to all who share the query, and to none after them', async () => {
  const ask = shared();
  const first = ask();
  await turn();
  const late = ask();
  Asking.begun[0]!.fail();
  await expect(first).rejects.toThrow('asking 1 failed');
  await turn();
  Asking.begun[1]!.end();
  expect(await late).toBe(2);
});
