/** Commands of keys. */
export type Command =
  { do: 'all' | 'failed' | 'again' | 'report' | 'help' | 'quit' | 'interrupt' } | { do: 'pattern'; pattern: string };

/** The pattern typed so far; null in command mode. */
export type Typed = string | null;

const COMMANDS: Record<string, Exclude<Command['do'], 'pattern'>> = {
  a: 'all',
  f: 'failed',
  r: 'report',
  h: 'help',
  '?': 'help',
  q: 'quit',
  '\r': 'again',
  '\n': 'again',
};

const ENTER = ['\r', '\n'];
const BACKSPACE = ['\b', '\u007f'];
const ESCAPE = '\u001b';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';

export const KEYS_HELP = `a       run everything
f       run what failed
p       filter by a part of a name (scenario, variant or flow)
Enter   repeat the last run
r       open the report
q       quit`;

/** Splits terminal input into keys: an escape sequence is one key. */
export function keysOf(text: string): string[] {
  // eslint-disable-next-line no-control-regex
  return text.match(/\u001b(?:\[[0-9;]*[ -/]*[@-~]|O.)|[^]/gu) ?? [];
}

/** Applies a key: the new pattern, and its command. */
export function press(typed: Typed, key: string): { typed: Typed; command: Command | null } {
  if (key === CTRL_C) return { typed: null, command: { do: 'interrupt' } };
  if (key === CTRL_D) return { typed: null, command: { do: 'quit' } };
  if (typed === null) {
    const command = COMMANDS[key];
    return { typed: key === 'p' ? '' : null, command: command === undefined ? null : { do: command } };
  }
  if (ENTER.includes(key)) return { typed: null, command: { do: 'pattern', pattern: typed.trim() } };
  return { typed: edited(typed, key), command: null };
}

function edited(typed: string, key: string): Typed {
  if (key === ESCAPE) return null;
  if (key === CTRL_U) return '';
  if (BACKSPACE.includes(key)) return typed.replace(/.$/su, '');
  return /^\P{Cc}$/u.test(key) ? typed + key : typed;
}
