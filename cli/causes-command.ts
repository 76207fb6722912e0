import { EXIT } from '../harness/errors.ts';
import { CAUSES } from '../harness/terms/cause.ts';

/** `l4lab causes`: the catalogue of causes, each with its story, its evidence and its usual remedy. */
export function causesCommand(): Promise<number> {
  for (const [code, { story, evidence, remedy }] of Object.entries(CAUSES)) {
    process.stdout.write(`${code}\n  ${story}\n  Evidence: ${evidence}\n  Remedy: ${remedy}\n\n`);
  }
  return Promise.resolve(EXIT.ok);
}
