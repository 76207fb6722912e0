import { EXIT } from '../harness/errors.ts';
import { CAUSES, type CauseCode } from '../harness/terms/cause.ts';
import { en } from '../reports/messages/en.ts';
import { commandLineError } from './command-line-error.ts';
import { noSuch } from './selection.ts';

/** `l4lab causes`: each cause, or those named, with its story, its evidence and its usual fix. */
export function causesCommand(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(en.causes, name));
  if (unknown.length > 0) throw commandLineError(...unknown.map((name) => noSuch('cause', name, CAUSES)));
  for (const code of names.length > 0 ? (names as CauseCode[]) : CAUSES) {
    const { story, evidence, fix } = en.causes[code];
    process.stdout.write(`${code}\n  ${story}\n  Evidence: ${evidence}\n  Usual fix: ${fix}\n\n`);
  }
  return Promise.resolve(EXIT.ok);
}
