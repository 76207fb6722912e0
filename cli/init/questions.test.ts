import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Questions } from './questions.ts';

const LABS = {
  kind: 'lab',
  choices: [
    { name: 'in-line', title: 'In-line' },
    { name: 'one-arm', title: 'One-arm' },
  ],
  usual: 'one-arm',
};

/** Choices for answers to the same question, asked repeatedly, and the output. */
async function answers(typed: string, times: number): Promise<{ chosen: string[]; said: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const chosen: string[] = [];
  {
    using questions = new Questions(input, output);
    input.end(typed);
    for (let i = 0; i < times; i++) chosen.push(await questions.choose('Which topology?', LABS));
  }
  output.end();
  return { chosen, said: await text(output) };
}

test('a number, a name, or Enter selects', async () => {
  const { chosen, said } = await answers('1\n in-line \n\n', 3);
  expect(chosen).toEqual(['in-line', 'in-line', 'one-arm']);
  expect(said).toContain('Which topology?\n   1  in-line  In-line\n   2  one-arm  One-arm\nNumber or name [one-arm]: ');
});

test('an invalid answer is reported with a suggestion, and the question repeated', async () => {
  const { chosen, said } = await answers('one-ram\n0\n3\n2\n', 1);
  expect(chosen).toEqual(['one-arm']);
  expect(said).toContain('unknown lab `one-ram` (did you mean `one-arm`?); known: in-line, one-arm\n');
  expect(said.match(/Number or name/g)).toHaveLength(4);
});

test('leaving without an answer creates nothing', async () => {
  await expect(answers('', 1)).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
});
