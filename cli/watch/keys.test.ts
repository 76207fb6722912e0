import fc from 'fast-check';
import { keysOf, press, type Command, type Typed } from './keys.ts';

/** What keys ask for one after the other, and what is typed in the end. */
function typing(text: string): { typed: Typed; commands: Command[] } {
  const commands: Command[] = [];
  let typed: Typed = null;
  for (const key of keysOf(text)) {
    const next = press(typed, key);
    typed = next.typed;
    if (next.command) commands.push(next.command);
  }
  return { typed, commands };
}

test.each<[string, Command]>([
  ['a', { do: 'all' }],
  ['f', { do: 'failed' }],
  ['\r', { do: 'again' }],
  ['r', { do: 'report' }],
  ['h', { do: 'help' }],
  ['q', { do: 'quit' }],
  ['\u0004', { do: 'quit' }],
  ['\u0003', { do: 'interrupt' }],
])('%j is a command', (key, command) => {
  expect(typing(key)).toEqual({ typed: null, commands: [command] });
});

test('a pattern is typed to its end, with letters that are commands elsewhere', () => {
  expect(typing('pfaq')).toEqual({ typed: 'faq', commands: [] });
  expect(typing('p dsr \ra').commands).toEqual([{ do: 'pattern', pattern: 'dsr' }, { do: 'all' }]);
  expect(typing('p\r').commands).toEqual([{ do: 'pattern', pattern: '' }]);
});

test('a pattern can be edited or cancelled', () => {
  expect(typing('pdsü\u007f\u007fnat').typed).toBe('dnat');
  expect(typing('pdsr\u0015l').typed).toBe('l');
  expect(typing('p\u007f\u007fx').typed).toBe('x');
  expect(typing('pdsr\u001b')).toEqual({ typed: null, commands: [] });
  expect(typing('pdsr\u0003')).toEqual({ typed: null, commands: [{ do: 'interrupt' }] });
});

test('an arrow is one key without a meaning', () => {
  expect(keysOf('\u001b[A\u001b[1;5Cq\u001bOP')).toEqual(['\u001b[A', '\u001b[1;5C', 'q', '\u001bOP']);
  expect(typing('\u001b[A')).toEqual({ typed: null, commands: [] });
  expect(typing('pab\u001b[Dc').typed).toBe('abc');
});

test('no key is lost, and no control character is typed', () => {
  const any = fc.array(
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\u001b', '\u001b[', 'p', '\b', '\t')),
  );
  fc.assert(
    fc.property(any, (pieces) => {
      const text = pieces.join('');
      expect(keysOf(text).join('')).toBe(text);
      expect(typing(text).typed ?? '').not.toMatch(/\p{Cc}/u);
    }),
  );
});
