import { noSuch } from '../harness/did-you-mean.ts';
import { EXIT } from '../harness/errors.ts';
import { CAUSES, type CauseCode } from '../harness/terms/cause.ts';
import { FINDINGS, type FindingCode } from '../harness/terms/finding.ts';
import { en } from '../reports/messages/en.ts';
import { wrap } from '../reports/content/wrap.ts';
import { commandLineError } from './shared/command-line-error.ts';
import { lineWidth } from './shared/terminal.ts';
import type { CommandLine } from './shared/command-line.ts';

export function registerCauses({ program, run }: CommandLine): void {
  program
    .command('causes [names...]')
    .description(
      'explain causes and findings (names or beginnings of names; default: all): what happens, evidence, fix',
    )
    .action((names: string[]) => run(causesCommand(names)));
}

/**
 * `l4lab causes`: all causes, or the named ones, with description, evidence and usual fix; and findings about flows
 * that work. A name may be a prefix.
 */
function causesCommand(names: string[]): Promise<number> {
  const all: (CauseCode | FindingCode)[] = [...CAUSES, ...FINDINGS];
  const chosen = names.map((name) => ({ name, codes: matching(name, all) }));
  const unknown = chosen.filter(({ codes }) => codes.length === 0);
  if (unknown.length > 0) throw commandLineError(...unknown.map(({ name }) => noSuch('cause', name, all)));
  const codes = names.length > 0 ? [...new Set(chosen.flatMap((one) => one.codes))] : all;
  process.stdout.write(codes.map((code) => `${code}\n${describe(code)}\n`).join(''));
  return Promise.resolve(EXIT.ok);
}

function matching<Code extends string>(name: string, all: Code[]): Code[] {
  const exact = all.filter((code) => code === name);
  return exact.length > 0 ? exact : all.filter((code) => code.startsWith(name));
}

function describe(code: CauseCode | FindingCode): string {
  const lines = isFinding(code)
    ? [`${en.findings[code]} (Reported for a flow that works.)`]
    : [en.causes[code].story, `Evidence: ${en.causes[code].evidence}`, `Usual fix: ${en.causes[code].fix}`];
  return lines.map((line) => wrap(line, lineWidth(), { indent: '  ' })).join('');
}

function isFinding(code: CauseCode | FindingCode): code is FindingCode {
  return Object.hasOwn(en.findings, code);
}
