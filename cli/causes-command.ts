import { EXIT } from '../harness/errors.ts';
import { CAUSES, type CauseCode } from '../harness/terms/cause.ts';
import { commandLineError } from './command-line-error.ts';
import { noSuch } from './selection.ts';

/** `l4lab causes`: each cause, or those named, with its story, its evidence and its usual remedy. */
export function causesCommand(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !Object.hasOwn(CAUSES, name));
  if (unknown.length > 0) throw commandLineError(...unknown.map((name) => noSuch('cause', name, Object.keys(CAUSES))));
  for (const code of names.length > 0 ? (names as CauseCode[]) : (Object.keys(CAUSES) as CauseCode[])) {
    const { story, evidence, remedy } = CAUSES[code];
    process.stdout.write(`${code}\n  ${story}\n  Evidence: ${evidence}\n  Remedy: ${remedy}\n\n`);
  }
  return Promise.resolve(EXIT.ok);
}
